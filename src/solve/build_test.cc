// SPDX-License-Identifier: Apache-2.0
// Builds driven by hand: order of work, cancellation, other processes, scale.
#include "solve/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "solve/testing/text_world.h"

namespace solve::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Log = std::vector<std::string>;

TEST(Build, AsksForAllKeysAtOnce) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a", .map_pool = Pool::network});
  graph.add({.name = "b", .map_pool = Pool::network});
  graph.add({.name = "c", .map_pool = Pool::network}, {"a", "b"});
  auto build = process.start(graph, "c");
  EXPECT_FALSE(build->step());
  EXPECT_EQ(process.executor.waiting(Pool::network), 3U);
}

TEST(Build, RunsIndependentStepsSideBySide) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a"});
  graph.add({.name = "b"});
  graph.add({.name = "c"}, {"a", "b"});
  auto build = process.start(graph, "c");
  EXPECT_FALSE(build->step());
  EXPECT_EQ(process.executor.waiting(Pool::sandbox), 2U);
  process.executor.run_last();
  EXPECT_FALSE(build->step());
  process.executor.run_last();
  EXPECT_FALSE(build->step());
  process.executor.run_last();
  EXPECT_TRUE(build->step());
  EXPECT_EQ(process.observer.take(),
            (Log{"run a: never built", "run b: never built", "ran b", "ran a", "run c: never built", "ran c"}));
}

TEST(Build, ASlowKeyHoldsUpOnlyItsOwnConsumers) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "slow", .map_pool = Pool::network});
  graph.add({.name = "quick"});
  graph.add({.name = "user"}, {"quick"});
  graph.add({.name = "all"}, {"slow", "user"});
  {
    Process first(world);
    first.build(graph, "user");
  }
  auto build = process.start(graph, "all");
  EXPECT_FALSE(build->step());
  EXPECT_TRUE(process.observer.take().empty());  // "all" is not keyed yet, so nobody asked for "user"
  process.executor.run_next(Pool::network);
  process.drive(*build);
  EXPECT_THAT(process.observer.take(), ElementsAre("run slow: never built", "cached user", "ran slow",
                                                   "run all: never built", "ran all", "covered quick"));
}

TEST(Build, AStopEndsInCancelledAfterWhatRunsHasEnded) {
  World world;
  Process process(world);
  TextGraph graph;
  std::stop_source stop;
  bool asked_to_stop = false;
  graph.add({.name = "a", .body = [&](std::stop_token token) {
               stop.request_stop();
               // The build hears of it and passes it on to the step, which here ends regardless.
               asked_to_stop = token.stop_possible();
             }});
  graph.add({.name = "b"}, {"a"});
  auto build = process.start(graph, "b", stop.get_token());
  process.drive(*build);
  EXPECT_TRUE(asked_to_stop);
  EXPECT_THROW(build->finish(), base::Cancelled);
  EXPECT_EQ(process.observer.take(), (Log{"run a: never built", "cancelled a"}));
  EXPECT_EQ(graph.op("b").runs(), 0);
}

TEST(Build, AStopBeforeTheStartRunsNothing) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a"});
  std::stop_source stop;
  stop.request_stop();
  auto build = process.start(graph, "a", stop.get_token());
  process.drive(*build);
  EXPECT_THROW(build->finish(), base::Cancelled);
  EXPECT_EQ(graph.op("a").runs(), 0);
}

TEST(Build, AStepThatEndsAsCancelledIsNoFailure) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a", .body = [](std::stop_token) { throw base::Cancelled(); }});
  auto build = process.start(graph, "a");
  process.drive(*build);
  EXPECT_THROW(build->finish(), base::Cancelled);
  EXPECT_EQ(process.observer.take(), (Log{"run a: never built", "cancelled a"}));
}

TEST(Build, AFailureAsksRunningStepsToStopAndWaitsForThem) {
  World world;
  TextGraph graph;
  graph.add({.name = "long", .body = [](std::stop_token stop) {
               std::condition_variable_any never;
               std::mutex mutex;
               std::unique_lock lock(mutex);
               never.wait(lock, stop, [] { return false; });
               throw base::Cancelled();
             }});
  graph.add({.name = "bad", .fails = "exit code 2"});
  graph.add({.name = "all"}, {"long", "bad"});
  RecordingObserver observer;
  ThreadExecutor executor({.sandbox = 2});
  Engine engine({world.storage, world.codec, world.locks, executor, observer, world.clock});
  EXPECT_THROW(engine.build(graph.graph, {graph.edge("all")}, {}), base::Error);
  const auto log = observer.take();
  EXPECT_THAT(log, ::testing::Contains("failed bad: exit code 2"));
  EXPECT_THAT(log, ::testing::Not(::testing::Contains("ran long")));
  EXPECT_TRUE(world.locks.held().empty());
}

TEST(Build, AnotherProcessWithTheSameStepWaitsAndThenHits) {
  World world;
  Process one(world);
  Process two(world);
  TextGraph graph;
  graph.add({.name = "a"});
  auto first = one.start(graph, "a");
  auto second = two.start(graph, "a");
  EXPECT_FALSE(first->step());
  EXPECT_FALSE(second->step());
  EXPECT_EQ(one.executor.waiting(Pool::sandbox), 1U);
  EXPECT_EQ(two.executor.waiting(Pool::sandbox), 0U) << "no slot is held while waiting";
  EXPECT_EQ(two.executor.waiting(Pool::wait), 1U);
  one.drive(*first);
  two.drive(*second);
  EXPECT_EQ(text_of(second->finish().front()), "a");
  EXPECT_EQ(two.observer.take(), (Log{"cached a"}));
  EXPECT_EQ(graph.op("a").runs(), 1);
  EXPECT_TRUE(world.locks.held().empty());
}

TEST(Build, AnotherProcessWithEqualContentWaitsAndThenHits) {
  World world;
  Process one(world);
  Process two(world);
  TextGraph graph;
  graph.add({.name = "context", .unique = true});
  graph.add({.name = "copy", .inputs = {{"src", true}}}, {"context"});
  auto first = one.start(graph, "copy");
  auto second = two.start(graph, "copy");
  auto drive_until_copy_waits = [](Process& process, Build& build, Pool pool) {
    build.step();
    while (process.executor.waiting(pool) == 0) {
      ASSERT_TRUE(process.executor.run_next());
      build.step();
    }
  };
  drive_until_copy_waits(one, *first, Pool::disk);
  one.executor.run_next(Pool::disk);
  first->step();
  ASSERT_EQ(one.executor.waiting(Pool::sandbox), 1U);
  drive_until_copy_waits(two, *second, Pool::wait);
  one.drive(*first);
  two.drive(*second);
  EXPECT_EQ(two.observer.take(), (Log{"run context: unique", "ran context", "cached copy"}));
}

TEST(Build, TakesOverWhenTheOtherProcessFailed) {
  World world;
  Process one(world);
  Process two(world);
  TextGraph bad;
  bad.add({.name = "a", .fails = "killed"});
  TextGraph good;
  good.add({.name = "a"});
  auto first = one.start(bad, "a");
  auto second = two.start(good, "a");
  first->step();
  second->step();
  one.drive(*first);
  EXPECT_THROW(first->finish(), base::Error);
  first.reset();
  two.drive(*second);
  EXPECT_EQ(text_of(second->finish().front()), "a");
  EXPECT_EQ(two.observer.take(), (Log{"run a: never built", "ran a"}));
}

TEST(Build, AForcedStepDoesNotWaitForAnotherProcess) {
  World world;
  Process one(world);
  Process two(world);
  TextGraph graph;
  graph.add({.name = "a"}).ignore_cache = true;
  auto first = one.start(graph, "a");
  auto second = two.start(graph, "a");
  first->step();
  second->step();
  EXPECT_EQ(two.executor.waiting(Pool::sandbox), 1U);
  one.drive(*first);
  two.drive(*second);
  EXPECT_EQ(graph.op("a").runs(), 2);
}

TEST(Build, TakesCacheMountLocksSortedAndTheStepLast) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a", .locks = {"cache-z", "cache-b", "cache-z"}});
  process.build(graph, "a");
  const auto taken = world.locks.taken();
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0], "cache-b");
  EXPECT_EQ(taken[1], "cache-z");
  EXPECT_TRUE(taken[2].starts_with("step-"));
  EXPECT_TRUE(world.locks.held().empty());
}

TEST(Build, TwoStepsOnOneExclusiveCacheMountRunOneAfterTheOther) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a", .locks = {"cache-apt"}});
  graph.add({.name = "b", .locks = {"cache-apt"}});
  graph.add({.name = "all"}, {"a", "b"});
  auto build = process.start(graph, "all");
  build->step();
  EXPECT_EQ(process.executor.waiting(Pool::sandbox), 1U);
  EXPECT_EQ(process.executor.waiting(Pool::wait), 1U);
  EXPECT_EQ(world.locks.held().size(), 2U) << "b holds nothing while it waits";
  process.executor.run_next(Pool::sandbox);
  process.drive(*build);
  EXPECT_EQ(text_of(build->finish().front()), "all(a,b)");
}

TEST(Build, RerunsNothingWhenAnEqualStepFinishedLaterThanItsKeyWasMade) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "one", .key = "same"});
  graph.add({.name = "slow"});
  graph.add({.name = "two", .key = "same"});
  graph.add({.name = "all"}, {"one", "slow", "two"});
  auto build = process.start(graph, "all");
  build->step();
  EXPECT_EQ(process.executor.waiting(Pool::sandbox), 2U);
  process.drive(*build);
  EXPECT_EQ(graph.op("two").runs(), 0);
}

TEST(Build, PoolsAreBounded) {
  World world;
  TextGraph graph;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  auto body = [&](std::stop_token) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --running;
  };
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) {
    names.push_back("step" + std::to_string(i));
    graph.add({.name = names.back(), .body = body});
  }
  graph.add({.name = "all"}, names);
  RecordingObserver observer;
  ThreadExecutor executor({.sandbox = 3});
  Engine engine({world.storage, world.codec, world.locks, executor, observer, world.clock});
  engine.build(graph.graph, {graph.edge("all")}, {});
  EXPECT_LE(most, 3);
  EXPECT_EQ(observer.take().size(), 102U);
}

TEST(Build, ADiamondOfTwoHundredRunsEachOnce) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "base"});
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) {
    names.push_back("stage" + std::to_string(i));
    graph.add({.name = names.back()}, {"base"});
  }
  graph.add({.name = "all"}, names);
  process.build(graph, "all");
  EXPECT_EQ(process.observer.take().size(), 2 * 202U);
  for (const auto& name : names) EXPECT_EQ(graph.op(name).runs(), 1);
  process.build(graph, "all");
  EXPECT_EQ(process.observer.take().front(), "cached all");
}

TEST(Build, AChainOfTwoThousandNeedsNoDeepStack) {
  World world;
  TextGraph graph;
  graph.add({.name = "0", .makes = "x"});
  for (int i = 1; i < 2000; ++i) graph.add({.name = std::to_string(i), .makes = "x"}, {std::to_string(i - 1)});
  RecordingObserver observer;
  ThreadExecutor executor(Limits{});
  Engine engine({world.storage, world.codec, world.locks, executor, observer, world.clock});
  engine.build(graph.graph, {graph.edge("1999")}, {});
  EXPECT_EQ(observer.take().size(), 4000U);
  // Forced at the bottom, all of it is keyed anew; from a unique one likewise.
  graph.vertex("0").ignore_cache = true;
  engine.build(graph.graph, {graph.edge("1999")}, {});
  EXPECT_EQ(observer.take().size(), 4000U);
  graph.vertex("0").ignore_cache = false;
  engine.build(graph.graph, {graph.edge("1999")}, {});
  EXPECT_EQ(observer.take().size(), 2000U);
}

TEST(Build, DroppedHalfWayItLeavesItsTasksHarmless) {
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "a"});
  auto build = process.start(graph, "a");
  build->step();
  build.reset();
  EXPECT_TRUE(process.executor.run_next());
  EXPECT_EQ(graph.op("a").runs(), 0);
}

TEST(Build, AnEarlierEqualStepTakesTheRunOverFromALaterOneThatWaitsForIt) {
  // "late" is keyed like "early" but stands behind it, and its input lost its result.
  World world;
  Process process(world);
  TextGraph graph;
  graph.add({.name = "x", .names_outcome = true});
  graph.add({.name = "early", .key = "same", .makes = "made", .names_outcome = true}, {"x"});
  graph.add({.name = "middle", .makes = "x", .names_outcome = true}, {"early"});
  graph.add({.name = "late", .key = "same", .makes = "made", .names_outcome = true}, {"middle"});
  process.build(graph, "late");
  for (const char* text : {"x", "made"}) world.codec.lose(text);
  EXPECT_EQ(process.build(graph, "late"), "made");
}

}  // namespace

}  // namespace solve::testing
