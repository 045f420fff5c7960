// SPDX-License-Identifier: Apache-2.0
#include "cli/main_line.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

class MainLineTest : public ::testing::Test {
 protected:
  llb::Input add(llb::OpKind kind, std::vector<llb::Input> inputs = {}, const std::string& name = "") {
    llb::Op op;
    op.kind = std::move(kind);
    op.inputs = std::move(inputs);
    definition_.ops.push_back(llb::marshal(op));
    const std::string digest = base::sha256(definition_.ops.back()).str();
    if (!name.empty()) definition_.metadata[digest].description["llb.customname"] = name;
    return {digest, 0};
  }
  static llb::ExecOp run(const std::string& word) {
    llb::ExecOp exec;
    exec.meta.args = {word};
    exec.mounts.push_back({.input = 0, .dest = "/", .output = 0});
    return exec;
  }
  static llb::FileOp copy(std::int64_t onto, std::int64_t from, const std::string& source) {
    return {
        {{.input = onto, .secondary_input = from, .output = 0, .kind = llb::FileCopy{.src = source, .dest = "/x"}}}};
  }
  llb::Graph graph(const llb::Input& head) {
    add({}, {head});
    return llb::parse(definition_);
  }

 private:
  llb::Definition definition_;
};

TEST_F(MainLineTest, LeadsFromTheBaseToTheHeadAndKnowsItsCopies) {
  const auto base =
      add(llb::SourceOp{.identifier = "docker-image://docker.io/library/a:1@sha256:" + std::string(64, '1')});
  const auto other = add(llb::SourceOp{.identifier = "docker-image://docker.io/library/b:1"});
  const auto context = add(llb::SourceOp{.identifier = "local://context"});
  const auto built = add(run("make"), {other}, "[build 2/2] RUN make");
  const auto first = add(run("one"), {base});
  const auto from_stage = add(copy(0, 1, "/from-stage"), {first, built});
  const auto from_context = add(copy(0, 1, "/from-context"), {from_stage, context});
  const auto linked = add(copy(llb::kEmpty, 0, "/linked"), {other});
  const auto merged = add(llb::MergeOp{{0, 1}}, {from_context, linked});
  const llb::Graph whole = graph(merged);
  const MainLine line = main_line(whole);
  ASSERT_EQ(line.steps.size(), 4U);  // the RUN, both copies, the merge; not the base image
  ASSERT_EQ(line.copies.size(), 2U);
  EXPECT_EQ(line.copies[0].source, "/from-stage");
  EXPECT_EQ(line.copies[0].step, 1U);
  EXPECT_EQ(stage_of(whole.vertices[line.copies[0].vertex]), "build");
  EXPECT_EQ(line.copies[1].source, "/linked");
  EXPECT_EQ(line.copies[1].step, 3U);
  EXPECT_EQ(stage_of(whole.vertices[line.copies[1].vertex]), "docker.io/library/b:1");
}

TEST_F(MainLineTest, ScratchHasNone) {
  EXPECT_TRUE(main_line(llb::Graph{}).steps.empty());
  const auto context = add(llb::SourceOp{.identifier = "local://context"});
  const llb::Graph whole = graph(add(copy(llb::kEmpty, 0, "/f"), {context}));
  EXPECT_EQ(main_line(whole).steps.size(), 1U);
  EXPECT_TRUE(main_line(whole).copies.empty());
}

}  // namespace
}  // namespace cli
