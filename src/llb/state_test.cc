// SPDX-License-Identifier: Apache-2.0
#include "llb/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "llb/caps.h"

namespace llb {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

Graph graph_of(const State& state, const MarshalOptions& options = {}) { return parse(state.marshal(options)); }

const ExecOp& exec_of(const Graph& graph) { return std::get<ExecOp>(graph.vertices.back().op.kind); }
const FileOp& file_of(const Graph& graph) { return std::get<FileOp>(graph.vertices.back().op.kind); }

class StateTest : public testing::Test {
 protected:
  State image(std::string_view name = "alpine") { return builder.image(name, {}); }
  static RunOptions command(std::string text) {
    RunOptions options;
    options.args = {"/bin/sh", "-c", std::move(text)};
    return options;
  }

  Builder builder;
};

TEST_F(StateTest, KeepsVariablesInOrderOfTheirLastAssignment) {
  const auto state = builder.scratch().with_env("A", "1").with_env("B", "2").with_env("A", "3");
  EXPECT_THAT(state.env_entries(), ElementsAre("B=2", "A=3"));
  EXPECT_EQ(state.env("A"), "3");
  EXPECT_EQ(state.env("C"), std::nullopt);
}

TEST_F(StateTest, ForgetsReplacedAssignmentsOfLongLists) {
  auto state = builder.scratch().with_env("FIRST", "1");
  State branch = state;
  for (int i = 0; i < 1000; ++i) {
    state = state.with_env("V" + std::to_string(i % 3), std::to_string(i));
    if (i == 500) branch = state;
  }
  EXPECT_THAT(state.env_entries(), ElementsAre("FIRST=1", "V1=997", "V2=998", "V0=999"));
  EXPECT_THAT(branch.env_entries(), ElementsAre("FIRST=1", "V0=498", "V1=499", "V2=500"));
  EXPECT_THAT(branch.with_env("V0", "x").env_names(), ElementsAre("FIRST", "V1", "V2", "V0"));
}

TEST_F(StateTest, JoinsRelativeDirectories) {
  EXPECT_EQ(builder.scratch().with_dir("a").with_dir("../b").dir(), "/b");
  EXPECT_EQ(builder.scratch().with_dir("/x").with_dir("/y").dir(), "/y");
}

TEST_F(StateTest, ChangesAffectOnlyTheNewState) {
  const auto before = builder.scratch();
  const auto after = before.with_user("me").with_env("A", "1").with_dir("/d");
  EXPECT_EQ(before.dir(), "/");
  EXPECT_EQ(before.env("A"), std::nullopt);
  EXPECT_EQ(after.dir(), "/d");
}

TEST_F(StateTest, OfAnImageNamesItInFullAndWithItsPlatform) {
  const auto graph = graph_of(image(), {.platform = parse_platform("linux/arm64")});
  const auto& op = graph.vertices.front().op;
  EXPECT_EQ(std::get<SourceOp>(op.kind).identifier, "docker-image://docker.io/library/alpine:latest");
  ASSERT_TRUE(op.platform);
  EXPECT_EQ(op.platform->architecture, "arm64");
  EXPECT_THAT(graph.vertices.front().metadata.caps, Contains(Key("source.image")));
}

TEST_F(StateTest, OfAWronglyNamedImageFailsWhenMarshalled) {
  const auto state = image("Not An Image");
  EXPECT_THROW(state.marshal(), base::Error);
}

TEST_F(StateTest, RunSortsMountsByTargetAndCountsOutputs) {
  auto options = command("true");
  options.mounts.push_back({.target = "/z", .source = image("z")});
  options.mounts.push_back({.target = "/c", .source = builder.scratch(), .cache_id = "id"});
  options.mounts.push_back({.target = "/b", .source = image("b"), .readonly = true});
  const auto ran = image().run(std::move(options));
  const auto graph = graph_of(ran.mounts[0]);
  const auto& mounts = exec_of(graph).mounts;
  ASSERT_EQ(mounts.size(), 4U);
  EXPECT_EQ(mounts[0].dest, "/");
  EXPECT_EQ(mounts[0].output, 0);
  EXPECT_EQ(mounts[1].dest, "/b");
  EXPECT_EQ(mounts[1].output, kSkipOutput);
  EXPECT_EQ(mounts[2].type, MountType::cache);
  EXPECT_EQ(mounts[2].input, kEmpty);
  EXPECT_EQ(mounts[3].output, 1);
  EXPECT_EQ(graph.head->output, 1);
}

TEST_F(StateTest, RunOnAMountWithoutOutputFails) {
  auto options = command("true");
  options.mounts.push_back({.target = "/c", .source = builder.scratch(), .cache_id = "id"});
  const auto ran = image().run(std::move(options));
  EXPECT_THROW(ran.mounts[0].marshal(), base::Error);
}

TEST_F(StateTest, RunUsesOneInputForEqualSources) {
  auto options = command("true");
  options.mounts.push_back({.target = "/m", .source = image(), .readonly = true});
  const auto graph = graph_of(image().run(std::move(options)).root);
  EXPECT_EQ(graph.vertices.back().op.inputs.size(), 1U);
}

TEST_F(StateTest, RunTakesItsSettingsFromTheStateAndFromItself) {
  const auto state = image().with_user("me").with_hostname("h").with_network(NetMode::none).with_env("A", "1");
  auto options = command("make");
  options.network = NetMode::host;
  options.ulimits = {{"nofile", 1, 2}};
  const auto graph = graph_of(state.run(std::move(options)).root);
  const auto& exec = exec_of(graph);
  EXPECT_EQ(exec.meta.user, "me");
  EXPECT_EQ(exec.meta.hostname, "h");
  EXPECT_EQ(exec.network, NetMode::host);
  EXPECT_THAT(exec.meta.env, ElementsAre("A=1"));
  const auto& caps = graph.vertices.back().metadata.caps;
  EXPECT_THAT(caps, Contains(Key("exec.meta.ulimit")));
  EXPECT_THAT(caps, Contains(Key("exec.meta.network")));
}

TEST_F(StateTest, RunSetsAPathWhereTheEngineDoesNot) {
  const std::set<std::string> none;
  EXPECT_THAT(exec_of(graph_of(image().run(command("x")).root, {.caps = &none})).meta.env,
              Contains(HasSubstr("PATH=")));
  const auto graph = graph_of(image().run(command("x")).root, {.caps = &cap::all()});
  EXPECT_THAT(exec_of(graph).meta.env, Not(Contains(HasSubstr("PATH="))));
  EXPECT_THAT(graph.vertices.back().metadata.caps, Contains(Key("exec.meta.setsdefaultpath")));
}

TEST_F(StateTest, RunGivesAgentSocketsATargetAndAVariable) {
  auto options = command("git fetch");
  options.ssh.push_back({.id = "default"});
  const auto graph = graph_of(image().run(std::move(options)).root);
  EXPECT_THAT(exec_of(graph).meta.env, Contains("SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0"));
  EXPECT_EQ(exec_of(graph).mounts.back().dest, "/run/buildkit/ssh_agent.0");
}

TEST_F(StateTest, RunWithoutArgumentsFails) { EXPECT_THROW(image().run({}).root.marshal(), base::Error); }

TEST_F(StateTest, FileActionsWorkOnTheResultOfTheOneBefore) {
  const auto state = image().with_dir("/w").file(
      {CopyStep{.source = image("src"), .src = "a", .dest = "./"}, MkdirStep{.path = "d"}, RmStep{.path = "/x"}}, {});
  const auto graph = graph_of(state);
  const auto& actions = file_of(graph).actions;
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_EQ(actions[0].input, 0);
  EXPECT_EQ(actions[0].secondary_input, 1);
  EXPECT_EQ(actions[1].input, 2);
  EXPECT_EQ(actions[2].input, 3);
  EXPECT_EQ(actions[0].output, kSkipOutput);
  EXPECT_EQ(actions[2].output, 0);
  const auto& copy = std::get<FileCopy>(actions[0].kind);
  EXPECT_EQ(copy.src, "/a");
  EXPECT_EQ(copy.dest, "/w/");
  EXPECT_EQ(copy.mode, -1);
  EXPECT_EQ(std::get<FileMkdir>(actions[1].kind).path, "/w/d");
  EXPECT_FALSE(graph.vertices.back().op.platform);
}

TEST_F(StateTest, FileOnScratchHasNoInput) {
  const auto graph = graph_of(builder.scratch().file({MkfileStep{.path = "f", .data = "x"}}, {}));
  EXPECT_EQ(file_of(graph).actions[0].input, kEmpty);
  EXPECT_TRUE(graph.vertices.back().op.inputs.empty());
}

TEST_F(StateTest, OwnersAreNumbersOrNames) {
  const auto owner = FileOwner::parse("1000:staff");
  EXPECT_EQ(owner.user->id, 1000U);
  EXPECT_EQ(owner.group->name, "staff");
  EXPECT_EQ(FileOwner::parse("root").user->id, 0U);
  EXPECT_FALSE(FileOwner::parse("root").group);
  EXPECT_EQ(FileOwner::parse("99999999999").user->name, "99999999999");
}

TEST_F(StateTest, MergeDropsScratchAndNeedsTwo) {
  EXPECT_TRUE(builder.merge({builder.scratch()}, {}).output().empty());
  EXPECT_EQ(graph_of(builder.merge({builder.scratch(), image()}, {})).vertices.size(), 1U);
  const auto graph = graph_of(builder.merge({image(), image("b")}, {}));
  EXPECT_THAT(std::get<MergeOp>(graph.vertices.back().op.kind).inputs, ElementsAre(0, 1));
}

TEST_F(StateTest, DiffToScratchIsTheStateItself) {
  EXPECT_EQ(graph_of(builder.diff(builder.scratch(), image(), {})).vertices.size(), 1U);
  const auto graph = graph_of(builder.diff(image(), image("b"), {}));
  EXPECT_EQ(std::get<DiffOp>(graph.vertices.back().op.kind).upper, 1);
}

TEST_F(StateTest, DeferredSourcesAreAskedForWhenMarshalled) {
  auto* source = builder.make_deferred();
  const auto state = image().file({CopyStep{.source = builder.deferred(source), .src = "/", .dest = "/"}}, {});
  LocalOptions options;
  options.session_id = "s";
  options.follow_paths = {"a"};
  source->set(builder.local("context", options).output());
  const auto graph = graph_of(state);
  EXPECT_EQ(std::get<SourceOp>(graph.vertices[1].op.kind).attr("local.followpaths"), R"(["a"])");
}

TEST_F(StateTest, LocalDirectoriesWithoutSessionAreNeverShared) {
  const auto digest = [&] { return builder.local("context", {}).marshal().head(); };
  EXPECT_NE(digest(), digest());
}

TEST_F(StateTest, GitSourcesAreNamedWithoutTheirTransport) {
  GitOptions options;
  options.ref = "v1";
  options.subdir = "src";
  const auto id = [&](std::string_view remote) {
    return std::get<SourceOp>(graph_of(builder.git(remote, options)).vertices[0].op.kind).identifier;
  };
  EXPECT_EQ(id("https://user@example.com/a/b.git"), "git://example.com/a/b.git#v1:src");
  EXPECT_EQ(id("git@example.com:a/b.git"), "git://example.com/a/b.git#v1:src");
}

TEST_F(StateTest, EqualOpsAppearOnce) {
  const auto once = image().run(command("x")).root;
  const auto again = image().run(command("x")).root;
  const auto definition = builder.merge({once, again}, {}).marshal();
  EXPECT_EQ(definition.ops.size(), 4U);  // image, exec, merge, terminal
}

TEST_F(StateTest, ImageConfigsSetTheSurroundings) {
  const auto state = image().with_image_config(
      R"({"os":"linux","architecture":"arm","variant":"v7","config":{"Env":["A=1","=x","B"],"WorkingDir":"/w"}})");
  EXPECT_THAT(state.env_entries(), ElementsAre("A=1", "B="));
  EXPECT_EQ(state.dir(), "/w");
  EXPECT_EQ(state.platform()->variant, "v7");
  EXPECT_THROW(image().with_image_config("{"), base::Error);
}

TEST_F(StateTest, DefinitionsFromElsewhereKeepTheirBytes) {
  const auto definition = image().run(command("x")).root.marshal();
  Builder other;
  const auto back = other.definition(definition).marshal();
  EXPECT_EQ(back.ops, definition.ops);
  EXPECT_TRUE(other.definition({}).output().empty());
}

TEST_F(StateTest, ALongChainNeedsNoDeepStack) {
  auto state = image();
  for (int i = 0; i < 20'000; ++i) state = state.with_env("N", std::to_string(i)).file({RmStep{.path = "/x"}}, {});
  EXPECT_EQ(graph_of(state).vertices.size(), 20'001U);
}

TEST_F(StateTest, TheTerminalOpSumsUpWhatMetadataNeeds) {
  auto options = command("x");
  options.op.metadata.ignore_cache = true;
  options.op.name("step");
  const auto definition = image().run(std::move(options)).root.marshal();
  const auto& caps = definition.metadata.at(base::sha256(definition.ops.back()).str()).caps;
  EXPECT_THAT(caps, Contains(Pair("meta.ignorecache", true)));
  EXPECT_THAT(caps, Contains(Pair("meta.description", true)));
  EXPECT_THAT(caps, Not(Contains(Key("meta.exportcache"))));
}

}  // namespace
}  // namespace llb
