// SPDX-License-Identifier: Apache-2.0
#include "llb/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "llb/state.h"

namespace llb {
namespace {

using testing::HasSubstr;

std::string digest_of(const std::string& bytes) { return base::sha256(bytes).str(); }

std::string source_bytes(const std::string& identifier) {
  Op op;
  op.kind = SourceOp{identifier, {}};
  op.worker_constraints.emplace();
  return marshal(op);
}

std::string terminal_for(const std::string& bytes, std::int64_t index = 0) {
  Op op;
  op.inputs.push_back({digest_of(bytes), index});
  return marshal(op);
}

std::string copy_bytes(std::vector<Input> inputs, std::int64_t secondary) {
  Op op;
  op.inputs = std::move(inputs);
  op.kind = FileOp{{{0, secondary, 0, FileCopy{.src = "/", .dest = "/"}}}};
  op.worker_constraints.emplace();
  return marshal(op);
}

std::string error_of(const Definition& definition) {
  try {
    parse(definition);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(Definition, OfNothingIsScratch) {
  const auto graph = parse({});
  EXPECT_FALSE(graph.head);
  EXPECT_TRUE(graph.vertices.empty());
  EXPECT_EQ(Definition().head(), "");
}

TEST(Definition, PutsInputsBeforeUsersAndLeavesOutWhatIsNotNeeded) {
  const auto a = source_bytes("local://a");
  const auto b = source_bytes("local://b");
  const auto copy = copy_bytes({{digest_of(a), 0}, {digest_of(b), 0}}, 1);
  Definition definition;
  definition.ops = {copy, b, source_bytes("local://unused"), a, terminal_for(copy)};
  const auto graph = parse(definition);
  ASSERT_EQ(graph.vertices.size(), 3U);
  EXPECT_EQ(graph.vertices[0].name(), "local://a");
  EXPECT_EQ(graph.vertices[1].name(), "local://b");
  EXPECT_EQ(graph.vertices[2].inputs, (std::vector<std::size_t>{0, 1}));
  ASSERT_TRUE(graph.head);
  EXPECT_EQ(graph.head->vertex, 2U);
}

TEST(Definition, IsRefusedWhenAnInputIsMissing) {
  Definition definition;
  const auto copy = copy_bytes({{"sha256:nowhere", 0}}, kEmpty);
  definition.ops = {copy, terminal_for(copy)};
  EXPECT_THAT(error_of(definition), HasSubstr("sha256:nowhere is not in the graph"));
}

TEST(Definition, IsRefusedWhenAnIndexIsOutOfRange) {
  const auto a = source_bytes("local://a");
  Definition definition;
  const auto copy = copy_bytes({{digest_of(a), 0}}, 5);
  definition.ops = {a, copy, terminal_for(copy)};
  EXPECT_THAT(error_of(definition), HasSubstr("input index 5 out of range"));
  definition.ops = {a, terminal_for(a, 3)};
  EXPECT_THAT(error_of(definition), HasSubstr("has no output 3"));
  definition.ops = {a, terminal_for(a, -1)};
  EXPECT_THAT(error_of(definition), HasSubstr("has no output -1"));
}

TEST(Definition, IsRefusedWithoutTerminalOpOrKind) {
  const auto a = source_bytes("local://a");
  Definition definition;
  definition.ops = {a};
  EXPECT_THAT(error_of(definition), HasSubstr("the last op must name one result"));
  const auto inner = terminal_for(a);
  definition.ops = {a, inner, terminal_for(inner)};
  EXPECT_THAT(error_of(definition), HasSubstr("unknown kind of op"));
}

TEST(Definition, IsRefusedWhenALocationNamesNoFile) {
  const auto a = source_bytes("local://a");
  Definition definition;
  definition.ops = {a, terminal_for(a)};
  definition.source.locations[digest_of(a)] = {{3, {}}};
  EXPECT_THAT(error_of(definition), HasSubstr("source file 3"));
}

Definition annotated() {
  Builder builder;
  auto map =
      std::make_shared<SourceMap>(SourceMap{"Dockerfile", "Dockerfile", std::make_shared<std::string>("FROM a"), {}});
  ImageOptions options;
  options.op.name("[1/1] FROM a");
  options.op.metadata.ignore_cache = true;
  options.op.metadata.export_cache = false;
  options.op.metadata.progress_group = ProgressGroup{"id", "name", true};
  options.op.metadata.linux_resources = LinuxResources{1, -1, 2, 3, 4, "0-1", "0"};
  options.op.locations = {{map, {{{1, 0}, {1, 0}}}}};
  return builder.image("a", std::move(options)).marshal();
}

TEST(Definition, SurvivesTheWire) {
  const auto definition = annotated();
  const auto bytes = to_bytes(definition);
  const auto back = definition_from_bytes(bytes);
  EXPECT_EQ(back.ops, definition.ops);
  EXPECT_EQ(back.metadata, definition.metadata);
  EXPECT_EQ(back.source.locations, definition.source.locations);
  ASSERT_EQ(back.source.infos.size(), 1U);
  EXPECT_EQ(*back.source.infos[0].data, "FROM a");
  EXPECT_EQ(to_bytes(back), bytes);
}

TEST(Definition, CutOffBytesNeverPassUnnoticedAsAnotherGraph) {
  const auto bytes = to_bytes(annotated());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    try {
      parse(definition_from_bytes(std::string_view(bytes).substr(0, size)));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::invalid_argument);
    }
  }
}

TEST(Definition, CarriesNamesAndPlacesToItsVertices) {
  const auto graph = parse(annotated());
  ASSERT_EQ(graph.vertices.size(), 1U);
  EXPECT_EQ(graph.vertices[0].name(), "[1/1] FROM a");
  ASSERT_EQ(graph.vertices[0].sources.size(), 1U);
  EXPECT_EQ(graph.vertices[0].sources[0].spans[0].start.line, 1);
}

TEST(Definition, CanBeReadByPeople) {
  const auto text = dump_text(annotated());
  EXPECT_THAT(text, HasSubstr("[1/1] FROM a"));
  EXPECT_THAT(text, HasSubstr("result: #0 output 0"));
  EXPECT_THAT(dump_dot(annotated()), HasSubstr("v0 [label="));
  EXPECT_EQ(dump_text({}), "scratch\n");
}

}  // namespace
}  // namespace llb
