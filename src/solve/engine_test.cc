// SPDX-License-Identifier: Apache-2.0
// Which steps run, and why. Every graph is text (testing/text_world.h); the log is compared whole.
#include "solve/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "solve/testing/text_world.h"

namespace solve::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using Log = std::vector<std::string>;

class EngineTest : public ::testing::Test {
 protected:
  World world_;
  Process process_{world_};

  Log log() { return process_.observer.take(); }
  std::string build(const TextGraph& graph, const std::string& target) { return process_.build(graph, target); }
};

/// base -> app, plus a context that is unique and copied by content onto base.
TextGraph copy_graph(const std::string& context_text) {
  TextGraph graph;
  graph.add({.name = "base"});
  graph.add({.name = "context", .unique = true, .makes = context_text});
  graph.add({.name = "copy", .inputs = {{}, {"src", true}}}, {"base", "context"});
  graph.add({.name = "make"}, {"copy"});
  return graph;
}

TEST_F(EngineTest, RunsInputsBeforeTheirUser) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  EXPECT_EQ(build(graph, "b"), "b(a)");
  EXPECT_EQ(log(), (Log{"run a: never built", "ran a", "run b: never built", "ran b"}));
}

TEST_F(EngineTest, KeepsTheFactsOfARunForBuildsThatHitItsRecord) {
  const auto fact = [](const char* text) { return base::Json::object().set("fact", text); };
  const auto facts_of = [&](const TextGraph& graph) {
    auto build = process_.start(graph, "c");
    process_.drive(*build);
    build->finish();
    std::string text;
    for (const auto& json : build->facts(build->records())) text += json["fact"].string_or("-");
    return text;
  };
  TextGraph graph;
  graph.add({.name = "a", .facts = fact("1")});
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c", .facts = fact("2")}, {"b"});
  EXPECT_EQ(facts_of(graph), "1-2");
  // The same steps, none of which runs: "a" is not even looked at.
  TextGraph again;
  again.add({.name = "a"});
  again.add({.name = "b"}, {"a"});
  again.add({.name = "c"}, {"b"});
  EXPECT_EQ(facts_of(again), "1-2");
  EXPECT_EQ(again.op("c").runs(), 0);
}

TEST_F(EngineTest, FactsOfAStepThatIsNeverRecordedAreThoseOfThisBuild) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true});
  graph.add({.name = "c", .facts = base::Json::object().set("fact", "1")}, {"context"});
  auto build = process_.start(graph, "c");
  process_.drive(*build);
  build->finish();
  const auto records = build->records();
  EXPECT_FALSE(records[1]);
  EXPECT_EQ(build->facts(records)[1]["fact"].string_or(""), "1");
}

TEST_F(EngineTest, NeverTouchesWhatNoTargetNeeds) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "unused", .map_fails = "asked for nothing"});
  EXPECT_EQ(build(graph, "a"), "a");
  EXPECT_EQ(log(), (Log{"run a: never built", "ran a"}));
}

TEST_F(EngineTest, RunsASharedVertexOnce) {
  TextGraph graph;
  graph.add({.name = "base"});
  graph.add({.name = "left"}, {"base"});
  graph.add({.name = "right"}, {"base"});
  graph.add({.name = "top"}, {"left", "right"});
  EXPECT_EQ(build(graph, "top"), "top(left(base),right(base))");
  EXPECT_EQ(graph.op("base").runs(), 1);
}

TEST_F(EngineTest, HandsOutTheOutputThatAnEdgeNames) {
  TextGraph graph;
  graph.add({.name = "a", .outputs = 3});
  graph.add({.name = "b"}, {"a:2", "a"});
  EXPECT_EQ(build(graph, "b"), "b(a#2,a)");
}

TEST_F(EngineTest, AnOutputThatWasNotMadeFailsTheBuild) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a:1"});
  try {
    build(graph, "b");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "a has no output number 1");
    EXPECT_EQ(error.vertex(), graph.vertex("a").digest.str());
  }
}

TEST_F(EngineTest, RefusesAnEdgeThatPointsForward) {
  TextGraph graph;
  graph.add({.name = "a"}).inputs.push_back({1, 0});
  graph.add({.name = "b"});
  EXPECT_THROW(build(graph, "a"), base::Error);
}

TEST_F(EngineTest, DefinitionHitSolvesNoInputs) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c"}, {"b"});
  build(graph, "c");
  log();
  world_.codec.lose("a");
  world_.codec.lose("b(a)");
  const int decodes = world_.codec.decodes();
  EXPECT_EQ(build(graph, "c"), "c(b(a))");
  EXPECT_EQ(log(), (Log{"cached c", "covered a", "covered b"}));
  EXPECT_EQ(world_.codec.decodes(), decodes + 1);
}

TEST_F(EngineTest, ACachedBuildWritesNothing) {
  auto graph = copy_graph("text");
  build(graph, "make");
  const auto writes = world_.storage.writes();
  auto again = copy_graph("text");
  build(again, "make");
  EXPECT_EQ(world_.storage.writes(), writes);
}

TEST_F(EngineTest, AChangedOpRerunsItAndItsConsumersAndSaysWhy) {
  TextGraph before;
  before.add({.name = "a", .key = "one"}).step = "stage 0 step 1";
  before.add({.name = "b"}, {"a"}).step = "stage 0 step 2";
  build(before, "b");
  log();
  TextGraph after;
  after.add({.name = "a", .key = "two"}).step = "stage 0 step 1";
  after.add({.name = "b"}, {"a"}).step = "stage 0 step 2";
  build(after, "b");
  EXPECT_EQ(log(), (Log{"run a: key changed", "ran a", "run b: input changed", "ran b"}));
}

TEST_F(EngineTest, KeepsTheRecipeSoThatAMissIsADiff) {
  auto graph = copy_graph("old");
  build(graph, "make");
  auto changed = copy_graph("new");
  build(changed, "make");
  const Decision& decision = process_.observer.decisions.at("copy");
  ASSERT_TRUE(decision.previous);
  const auto differences = diff_recipes(decision.previous->recipe, decision.recipe);
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].path, "inputs.1.content");
  EXPECT_EQ(differences[0].before.as_string(), base::sha256("old").str());
  EXPECT_EQ(differences[0].now.as_string(), base::sha256("new").str());
}

TEST_F(EngineTest, AUniqueSourceRunsEachTimeButItsContentHits) {
  auto graph = copy_graph("same");
  build(graph, "make");
  EXPECT_EQ(log(), (Log{"run base: never built", "run context: unique", "ran base", "ran context",
                        "run copy: never built", "ran copy", "run make: never built", "ran make"}));
  auto again = copy_graph("same");
  EXPECT_EQ(build(again, "make"), "make(copy(base,same))");
  EXPECT_EQ(log(), (Log{"cached base", "run context: unique", "ran context", "cached copy", "cached make"}));
}

TEST_F(EngineTest, AChangedContextRerunsWhatReadsItButNotTheBase) {
  auto graph = copy_graph("old");
  build(graph, "make");
  log();
  auto changed = copy_graph("new");
  EXPECT_EQ(build(changed, "make"), "make(copy(base,new))");
  EXPECT_THAT(log(), ElementsAre("cached base", "run context: unique", "ran context", "run copy: input changed",
                                 "ran copy", "run make: input changed", "ran make"));
}

TEST_F(EngineTest, WhatReadsAUniqueSourceByIdentityIsNeverRecorded) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true});
  graph.add({.name = "whole"}, {"context"});
  build(graph, "whole");
  log();
  EXPECT_EQ(world_.storage.size(), 0U);
  build(graph, "whole");
  EXPECT_EQ(log(), (Log{"run context: unique", "ran context", "run whole: never built", "ran whole"}));
}

TEST_F(EngineTest, AUniqueSourceThatNamesItsOutcomeLetsConsumersHit) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true, .names_outcome = true});
  graph.add({.name = "whole"}, {"context"});
  build(graph, "whole");
  log();
  build(graph, "whole");
  EXPECT_EQ(log(), (Log{"run context: unique", "ran context", "cached whole"}));
}

TEST_F(EngineTest, EqualContentThroughAnotherPathHits) {
  TextGraph graph;
  graph.add({.name = "stage one", .makes = "binary"});
  graph.add({.name = "copy", .inputs = {{"bin", true}}}, {"stage one"});
  build(graph, "copy");
  log();
  TextGraph other;
  other.add({.name = "stage two", .makes = "binary"});
  other.add({.name = "copy", .inputs = {{"bin", true}}}, {"stage two"});
  EXPECT_EQ(build(other, "copy"), "copy(binary)");
  EXPECT_EQ(log(), (Log{"run stage two: never built", "ran stage two", "cached copy"}));
  EXPECT_EQ(other.op("copy").digests(), 1);

  // The hit left a definition key behind: now nothing is solved at all.
  EXPECT_EQ(build(other, "copy"), "copy(binary)");
  EXPECT_EQ(log(), (Log{"cached copy", "covered stage two"}));
}

TEST_F(EngineTest, TakesNoContentDigestWhereTheRecordIsTheSame) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true, .makes = "text"});
  graph.add({.name = "stage", .inputs = {{"", true}}}, {"context"});
  graph.add({.name = "copy", .inputs = {{"bin", true}}}, {"stage"});
  build(graph, "copy");
  world_.codec.lose("stage(text)");  // nor is the stage loaded
  EXPECT_EQ(build(graph, "copy"), "copy(stage(text))");
  EXPECT_EQ(graph.op("copy").digests(), 1);
}

TEST_F(EngineTest, TwoStepsThatSelectTheSameDigestItOnce) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true});
  graph.add({.name = "one", .inputs = {{"src", true}}}, {"context"});
  graph.add({.name = "two", .inputs = {{"src", true}}}, {"context"});
  graph.add({.name = "three", .inputs = {{"other", true}}}, {"context"});
  graph.add({.name = "all"}, {"one", "two", "three"});
  build(graph, "all");
  EXPECT_EQ(graph.op("one").digests() + graph.op("two").digests(), 1);
  EXPECT_EQ(graph.op("three").digests(), 1);
}

TEST_F(EngineTest, EqualSelectorsOfDifferentInputsDoNotMeet) {
  TextGraph graph;
  graph.add({.name = "one"});
  graph.add({.name = "two"});
  graph.add({.name = "copy", .inputs = {{"a", true}, {"b", true}}}, {"one", "two"});
  build(graph, "copy");
  log();
  TextGraph other;
  other.add({.name = "one"});
  other.add({.name = "two"});
  other.add({.name = "swapped", .key = "copy", .inputs = {{"a", true}, {"b", true}}}, {"two", "one"});
  EXPECT_EQ(build(other, "swapped"), "swapped(two,one)");
}

TEST_F(EngineTest, AnotherSelectorOfTheSameInputMisses) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "mount", .inputs = {{"dir/one", false}}}, {"a"});
  build(graph, "mount");
  log();
  TextGraph other;
  other.add({.name = "a"});
  other.add({.name = "mount", .inputs = {{"dir/two", false}}}, {"a"});
  build(other, "mount");
  EXPECT_EQ(log(), (Log{"cached a", "run mount: input changed", "ran mount"}));
}

TEST_F(EngineTest, AForcedStepRerunsWithItsConsumersAndTheNextBuildHitsTheNewRecords) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c"}, {"b"});
  build(graph, "c");
  log();

  TextGraph forced;
  forced.add({.name = "a"});
  forced.add({.name = "b", .makes = "fresh"}, {"a"}).ignore_cache = true;
  forced.add({.name = "c"}, {"b"});
  EXPECT_EQ(build(forced, "c"), "c(fresh)");
  EXPECT_EQ(log(), (Log{"cached a", "run b: forced", "ran b", "run c: input changed", "ran c"}));

  EXPECT_EQ(build(graph, "b"), "fresh");
  EXPECT_EQ(build(graph, "c"), "c(fresh)");
  EXPECT_EQ(log(), (Log{"cached b", "covered a", "cached c", "covered a", "covered b"}));
}

TEST_F(EngineTest, AConsumerOfAForcedStepHitsWhenItReadsEqualContent) {
  TextGraph graph;
  graph.add({.name = "stage", .makes = "binary"});
  graph.add({.name = "copy", .inputs = {{"bin", true}}}, {"stage"});
  build(graph, "copy");
  log();
  graph.vertex("stage").ignore_cache = true;
  build(graph, "copy");
  EXPECT_EQ(log(), (Log{"run stage: forced", "ran stage", "cached copy"}));
}

TEST_F(EngineTest, AStepThatNamesAnUnchangedOutcomeKeepsItsConsumersCached) {
  TextGraph graph;
  graph.add({.name = "src", .key = "one"});
  graph.add({.name = "compile", .makes = "object", .names_outcome = true}, {"src"});
  graph.add({.name = "link"}, {"compile"});
  build(graph, "link");
  log();
  TextGraph changed;
  changed.add({.name = "src", .key = "two"});
  changed.add({.name = "compile", .makes = "object", .names_outcome = true}, {"src"});
  changed.add({.name = "link"}, {"compile"});
  build(changed, "link");
  EXPECT_EQ(log(),
            (Log{"run src: never built", "ran src", "run compile: input changed", "ran compile", "cached link"}));
}

/// base ← compile ← link, where compile makes "object" whatever its recipe says.
TextGraph compile_graph(const std::string& key, const std::string& makes, const std::string& base = "base") {
  TextGraph graph;
  graph.add({.name = "base", .key = base});
  graph.add({.name = "compile", .key = key, .makes = makes, .compares = true}, {"base"}).place = "stage 2";
  graph.add({.name = "link"}, {"compile"});
  graph.add({.name = "strip"}, {"link"});
  return graph;
}

TEST_F(EngineTest, ARerunThatComesOutTheSameKeepsAllItsConsumersCached) {
  build(compile_graph("-O1", "object"), "strip");
  log();
  EXPECT_EQ(build(compile_graph("-O2", "object"), "strip"), "strip(link(object))");
  EXPECT_EQ(log(), (Log{"cached base", "run compile: key changed", "ran compile", "cached link", "cached strip"}));
  // And the next time nothing runs.
  build(compile_graph("-O2", "object"), "strip");
  EXPECT_EQ(log(), (Log{"cached strip", "covered base", "covered compile", "covered link"}));
}

TEST_F(EngineTest, ARerunThatComesOutDifferentReachesItsConsumers) {
  build(compile_graph("-O1", "object"), "strip");
  log();
  EXPECT_EQ(build(compile_graph("-O2", "other"), "strip"), "strip(link(other))");
}

TEST_F(EngineTest, AForcedRerunThatComesOutTheSameKeepsItsConsumersCached) {
  build(compile_graph("-O1", "object"), "strip");
  log();
  auto graph = compile_graph("-O1", "object");
  graph.vertex("compile").ignore_cache = true;
  build(graph, "strip");
  EXPECT_EQ(log(), (Log{"cached base", "run compile: forced", "ran compile", "cached link", "cached strip"}));
}

TEST_F(EngineTest, AnEqualOutcomeOnAnotherInputIsNotTheSame) {
  build(compile_graph("-O1", "object"), "strip");
  log();
  build(compile_graph("-O1", "object", "another base"), "strip");
  EXPECT_THAT(log(), ::testing::Contains("ran link"));
}

TEST_F(EngineTest, AnOutcomeIsNotComparedWithOneThatIsGone) {
  build(compile_graph("-O1", "object"), "strip");
  world_.codec.lose("object");
  log();
  auto graph = compile_graph("-O2", "object");
  build(graph, "strip");
  EXPECT_THAT(log(), ::testing::Contains("ran compile"));
}

TEST_F(EngineTest, TwoStepsWithEqualKeysRunOnce) {
  TextGraph graph;
  graph.add({.name = "base"});
  graph.add({.name = "one", .key = "same"}, {"base"});
  graph.add({.name = "two", .key = "same"}, {"base"});
  graph.add({.name = "all"}, {"one", "two"});
  EXPECT_EQ(build(graph, "all"), "all(one(base),one(base))");
  EXPECT_EQ(graph.op("one").runs() + graph.op("two").runs(), 1);
  EXPECT_THAT(log(), ElementsAre("run base: never built", "ran base", "run one: never built", "ran one", "cached two",
                                 "run all: never built", "ran all"));
}

TEST_F(EngineTest, TwoForcedStepsWithEqualKeysRunOncePerBuild) {
  TextGraph graph;
  graph.add({.name = "one", .key = "same"}).ignore_cache = true;
  graph.add({.name = "two", .key = "same"}).ignore_cache = true;
  graph.add({.name = "all"}, {"one", "two"});
  build(graph, "all");
  build(graph, "all");
  EXPECT_EQ(graph.op("one").runs() + graph.op("two").runs(), 2);
}

TEST_F(EngineTest, AnEvictedResultIsMadeAgainUnderItsOldId) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c"}, {"b"});
  build(graph, "c");
  log();
  world_.codec.lose("c(b(a))");
  EXPECT_EQ(build(graph, "c"), "c(b(a))");
  EXPECT_EQ(log(), (Log{"cached b", "run c: evicted", "ran c", "covered a"}));
}

TEST_F(EngineTest, EvictedResultsAreMadeAgainAsDeepAsTheyAreNeeded) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c"}, {"b"});
  build(graph, "c");
  log();
  world_.codec.lose("c(b(a))");
  world_.codec.lose("b(a)");
  EXPECT_EQ(build(graph, "c"), "c(b(a))");
  EXPECT_EQ(log(), (Log{"cached b", "cached a", "run b: evicted", "ran b", "run c: evicted", "ran c"}));
  EXPECT_EQ(graph.op("a").runs(), 1);
}

TEST_F(EngineTest, AnEvictedForcedRecordKeepsItsIdSoThatOtherConsumersStayCached) {
  TextGraph graph;
  graph.add({.name = "a"}).ignore_cache = true;
  graph.add({.name = "b"}, {"a"});
  graph.add({.name = "c"}, {"a"});
  graph.add({.name = "all"}, {"b", "c"});
  build(graph, "all");
  log();
  const auto before = world_.storage.latest_of_op(recipe_digest("a"));
  graph.vertex("a").ignore_cache = false;
  world_.codec.lose("a");
  world_.codec.lose("b(a)");
  world_.codec.lose("all(b(a),c(a))");
  build(graph, "all");
  EXPECT_THAT(log(), UnorderedElementsAre("cached b", "cached c", "cached a", "run a: evicted", "ran a",
                                          "run b: evicted", "ran b", "run all: evicted", "ran all"));
  const auto after = world_.storage.latest_of_op(recipe_digest("a"));
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->id, after->id);
  EXPECT_NE(before->created, after->created);
}

TEST_F(EngineTest, ARerunOfAnEvictedInputThatComesOutDifferentKeysItsConsumerAnew) {
  TextGraph graph;
  graph.add({.name = "a", .makes = "first", .names_outcome = true});
  graph.add({.name = "b"}, {"a"});
  build(graph, "b");
  log();
  world_.codec.lose("first");
  world_.codec.lose("b(first)");
  TextGraph other;
  other.add({.name = "a", .makes = "second", .names_outcome = true});
  other.add({.name = "b"}, {"a"});
  EXPECT_EQ(build(other, "b"), "b(second)");
  EXPECT_EQ(log(), (Log{"cached a", "run a: evicted", "ran a", "run b: evicted", "ran b"}));
  const auto record = world_.storage.latest_of_op(recipe_digest("b"));
  ASSERT_TRUE(record);
  EXPECT_THAT(record->recipe.dump(), HasSubstr(base::sha256("second").str()));
}

TEST_F(EngineTest, AnEvictedInputThatComesOutDifferentLeavesNoKeyThatLies) {
  auto graph_of = [](const std::string& key, const std::string& text) {
    TextGraph graph;
    graph.add({.name = "a", .key = key, .makes = text, .names_outcome = true});
    graph.add({.name = "copy", .inputs = {{"src", true}}}, {"a"});
    return graph;
  };
  build(graph_of("b", "second"), "copy");
  build(graph_of("a", "first"), "a");
  world_.codec.lose("first");
  EXPECT_EQ(build(graph_of("a", "second"), "copy"), "copy(second)");
  EXPECT_EQ(build(graph_of("another way to it", "first"), "copy"), "copy(first)");
}

TEST_F(EngineTest, AFailureNamesItsVertexAndIsReportedOnce) {
  TextGraph graph;
  graph.add({.name = "bad", .fails = "exit code 1"});
  graph.add({.name = "one"}, {"bad"});
  graph.add({.name = "two"}, {"bad"});
  graph.add({.name = "all"}, {"one", "two"});
  try {
    build(graph, "all");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "exit code 1");
    EXPECT_EQ(error.vertex(), graph.vertex("bad").digest.str());
  }
  EXPECT_EQ(log(), (Log{"run bad: never built", "failed bad: exit code 1"}));
  EXPECT_EQ(graph.op("bad").runs(), 1);
  EXPECT_TRUE(world_.locks.held().empty());
}

TEST_F(EngineTest, AFailedStepIsNotRecorded) {
  TextGraph bad;
  bad.add({.name = "a", .fails = "exit code 1"});
  EXPECT_THROW(build(bad, "a"), base::Error);
  log();
  TextGraph good;
  good.add({.name = "a"});
  EXPECT_EQ(build(good, "a"), "a");
  EXPECT_EQ(log(), (Log{"run a: never built", "ran a"}));
}

TEST_F(EngineTest, TheFirstFailureStopsTheRest) {
  TextGraph graph;
  graph.add({.name = "bad", .fails = "exit code 1"});
  graph.add({.name = "other"});
  graph.add({.name = "later"}, {"other"});
  graph.add({.name = "all"}, {"bad", "later"});
  EXPECT_THROW(build(graph, "all"), base::Error);
  EXPECT_EQ(log(), (Log{"run bad: never built", "run other: never built", "failed bad: exit code 1"}));
  EXPECT_EQ(graph.op("other").runs(), 0);
  EXPECT_TRUE(world_.locks.held().empty());
}

TEST_F(EngineTest, AKeyThatCannotBeHadFailsTheBuildWithItsVertex) {
  TextGraph graph;
  graph.add({.name = "image", .map_fails = "registry does not answer"});
  graph.add({.name = "run"}, {"image"});
  EXPECT_THROW(build(graph, "run"), base::Error);
  EXPECT_EQ(log(), (Log{"failed image: registry does not answer"}));
}

TEST_F(EngineTest, AContentDigestThatFailsFailsTheStepThatAskedForIt) {
  TextGraph graph;
  graph.add({.name = "context", .unique = true});
  graph.add({.name = "copy", .inputs = {{"src", true}}, .digest_fails = "file changed while read"}, {"context"});
  EXPECT_THROW(build(graph, "copy"), base::Error);
  EXPECT_THAT(log(), ElementsAre("run context: unique", "ran context", "failed copy: file changed while read"));
}

TEST_F(EngineTest, BuildsSeveralTargetsInTheirOrder) {
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"}, {"a"});
  Build both(process_.services, graph.graph, {graph.edge("b"), graph.edge("a")}, {});
  process_.drive(both);
  const auto results = both.finish();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(text_of(results[0]), "b(a)");
  EXPECT_EQ(text_of(results[1]), "a");
}

TEST_F(EngineTest, NoTargetIsABuildThatIsOverAtOnce) {
  TextGraph graph;
  graph.add({.name = "a"});
  Build none(process_.services, graph.graph, {}, {});
  EXPECT_TRUE(none.step());
  EXPECT_TRUE(none.finish().empty());
  EXPECT_TRUE(log().empty());
}

TEST_F(EngineTest, AVertexIsStartedOncePerEnd) {
  auto graph = copy_graph("x");
  build(graph, "make");
  for (const auto& [name, starts] : process_.observer.starts) EXPECT_EQ(starts, 1) << name;
}

// ---- records that another builder left, under names that both have ----

/// "base" is a source, "step" runs on it, "copy" adds what it copies of a context.
TextGraph shared_graph(const std::string& context) {
  const auto name = [](const char* text) { return base::sha256(std::string("common ") + text); };
  TextGraph graph;
  graph.add({.name = "base", .common = CommonKey{{name("manifest"), name("layers")}, {}}});
  graph.add({.name = "step", .common = CommonKey{{name("step")}, {{"/", false}}}}, {"base"});
  graph.add({.name = "context", .unique = true, .makes = context});
  graph.add({.name = "copy",
             .inputs = {{}, {"src", true}},
             .common = CommonKey{{name("copy")}, {{}, {"", true}}},
             .common_content = true},
            {"step", "context"});
  return graph;
}

/// What the other builder wrote: `base` is one of the names of the image.
void leave_records(World& world, const char* base, const std::string& context) {
  const auto name = [](const std::string& text) { return base::sha256("common " + text); };
  const auto key = [](const base::Digest& op, const std::vector<KeyedInput>& inputs) {
    return make_key(KeyKind::resolved, op, inputs);
  };
  const auto leave = [&](const CacheKey& under, const std::string& made) {
    Record record;
    record.id = under.digest;
    record.key = under;
    record.results = {made};
    world.storage.save(record, {under});
    return under.digest;
  };
  const auto image = key(name(base), {}).digest;
  const auto step = leave(key(name("step"), {{image, {}, 0, "/"}}), "their step");
  const auto content = key(name(context), {}).digest;
  leave(key(name("copy"), {{step, {}, 0, ""}, {content, {}, 0, ""}}), "their copy");
}

TEST_F(EngineTest, RecordsOfOtherBuildersAreFoundByTheNamesBothHave) {
  for (const char* base : {"manifest", "layers"}) {
    World world;
    world.storage.share();
    leave_records(world, base, "text");
    Process process(world);
    TextGraph graph = shared_graph("text");
    EXPECT_EQ(process.build(graph, "copy"), "their copy") << base;
    EXPECT_EQ(graph.op("step").runs() + graph.op("copy").runs(), 0) << base;
  }
}

TEST_F(EngineTest, OtherContentIsNotFoundThere) {
  world_.storage.share();
  leave_records(world_, "manifest", "text");
  TextGraph graph = shared_graph("another text");
  EXPECT_EQ(build(graph, "copy"), "copy(their step,another text)");
  EXPECT_EQ(graph.op("step").runs(), 0);
}

TEST_F(EngineTest, CommonNamesAreNotLookedForWhereNothingIsShared) {
  leave_records(world_, "manifest", "text");
  TextGraph graph = shared_graph("text");
  EXPECT_EQ(build(graph, "copy"), "copy(step(base),text)");
}

TEST_F(EngineTest, ARecordWithoutWhatItMadeIsPassedOver) {
  world_.storage.share();
  leave_records(world_, "manifest", "text");
  world_.codec.lose("their step");
  world_.codec.lose("their copy");
  TextGraph graph = shared_graph("text");
  EXPECT_EQ(build(graph, "copy"), "copy(step(base),text)");
  EXPECT_THAT(log(), ::testing::Contains("run step: never built"));
}

}  // namespace

}  // namespace solve::testing
