// SPDX-License-Identifier: Apache-2.0
#include "progress/model.h"

#include <gtest/gtest.h>

#include "progress/testing/story.h"

namespace progress {
namespace {

using namespace testing;

Interval closed(base::Nanos start, base::Nanos stop) { return {start, stop}; }
Interval open(base::Nanos start) { return {start, std::nullopt}; }

TEST(MergeIntervals, JoinsWhatOverlapsAndKeepsGaps) {
  using List = std::vector<Interval>;
  EXPECT_EQ(merge_intervals({}), List{});
  EXPECT_EQ(merge_intervals({closed(5, 9), closed(0, 3)}), (List{closed(0, 3), closed(5, 9)}));
  EXPECT_EQ(merge_intervals({closed(0, 10), closed(2, 3), closed(9, 12)}), List{closed(0, 12)});
  EXPECT_EQ(merge_intervals({closed(0, 2), closed(2, 4)}), List{closed(0, 4)});
  EXPECT_EQ(merge_intervals({open(1), closed(3, 5)}), List{open(1)});
  EXPECT_EQ(merge_intervals({closed(0, 5), open(3), closed(9, 10)}), List{open(0)});
  EXPECT_EQ(merge_intervals({closed(0, 2), open(3)}), (List{closed(0, 2), open(3)}));
}

TEST(Model, CountsKnownStartedAndCompletedSteps) {
  Model model;
  model.apply(known("a"));
  model.apply(known("b"));
  EXPECT_EQ(model.total(), 2U);
  EXPECT_TRUE(model.started().empty());
  model.apply(running("b", 0));
  model.apply(running("a", 1));
  model.apply(done("b", 0, 2));
  EXPECT_EQ(model.completed(), 1U);
  ASSERT_EQ(model.started().size(), 2U);
  EXPECT_EQ(model.started()[0]->name, "b");
  EXPECT_EQ(model.start_time(), at(0));
}

TEST(Model, AStepThatRunsTwiceShowsTheSumOfItsTimes) {
  Model model;
  model.apply(done("a", 0, 1));
  model.apply(running("a", 5));
  const auto* vertex = model.find(id("a"));
  EXPECT_FALSE(vertex->completed());
  EXPECT_EQ(vertex->elapsed(at(7)), at(3) - at(0));
  model.apply(done("a", 5, 6));
  EXPECT_TRUE(vertex->completed());
  EXPECT_EQ(vertex->elapsed(at(100)), at(2) - at(0));
}

TEST(Model, ALateRecordWithoutTimesDoesNotUndoAStart) {
  Model model;
  model.apply(cached("a", 1));
  model.apply(known("a"));
  EXPECT_TRUE(model.find(id("a"))->completed());
  EXPECT_TRUE(model.find(id("a"))->cached);
}

TEST(Model, EventsOfUnknownStepsChangeNothing) {
  Model model;
  EXPECT_EQ(model.apply(log("ghost", 1, "boo\n")).vertex, nullptr);
  EXPECT_EQ(model.apply(transfer("ghost", "x", 0, 1, 1, 2)).vertex, nullptr);
  EXPECT_EQ(model.apply(VertexWarning{.vertex = id("ghost"), .short_text = "careful"}).vertex, nullptr);
  EXPECT_EQ(model.total(), 0U);
  EXPECT_EQ(model.warnings().size(), 1U);
}

TEST(Model, ALineHasTheTimeOfItsFirstByte) {
  Model model;
  model.apply(running("a", 0));
  EXPECT_TRUE(model.apply(log("a", 1, "be")).lines.empty());
  EXPECT_EQ(model.apply(log("a", 25, "gun\nnext\n")).lines, (std::vector<LogLine>{"0.100 begun", "2.500 next"}));
}

TEST(Model, AnUnfinishedLineEndsWithItsStep) {
  Model model;
  model.apply(running("a", 0));
  model.apply(log("a", 1, "no newline"));
  EXPECT_EQ(model.apply(failed("a", 0, 2, "exit code: 1")).lines, std::vector<LogLine>{"0.100 no newline"});
  EXPECT_EQ(model.failed_step("", 10)->log_tail, std::vector<std::string>{"0.100 no newline"});
}

TEST(Model, TheTailIsBounded) {
  Model model;
  model.apply(running("a", 0));
  for (int i = 0; i < 5000; ++i) model.apply(log("a", 1, std::string(100, 'x') + std::to_string(i) + "\n"));
  const auto& tail = model.find(id("a"))->log_tail();
  EXPECT_EQ(tail.size(), 200U);
  EXPECT_TRUE(tail.back().ends_with("x4999"));
  for (int i = 0; i < 50; ++i) model.apply(log("a", 1, std::string(10'000, 'y') + "\n"));
  EXPECT_LE(tail.size(), 7U);
}

TEST(Model, TheFailureIsTheNamedStepOrTheFirstThatFailed) {
  Model model;
  model.apply(failed("cancelled", 0, 1, "rpc error: context canceled"));
  model.apply(failed("first", 0, 2, "exit code: 1"));
  model.apply(failed("second", 0, 3, "exit code: 2"));
  EXPECT_EQ(model.failed_step("", 5)->name, "first");
  EXPECT_EQ(model.failed_step(id("second").str(), 5)->name, "second");
  EXPECT_EQ(model.failed_step(id("cancelled").str(), 5)->name, "first");
  EXPECT_EQ(model.failed_step("nonsense", 5)->name, "first");
  EXPECT_EQ(model.failed_steps(5).size(), 2U);
}

Vertex member(const std::string& name, double start, bool weak) {
  auto vertex = running(name, start);
  vertex.group = ProgressGroup{.id = "g", .name = "the group", .weak = weak};
  return vertex;
}

TEST(Model, AGroupIsOneStep) {
  Model model;
  auto first = member("one", 0, false);
  first.completed = at(1);
  model.apply(first);
  model.apply(member("two", 3, false));
  ASSERT_EQ(model.started().size(), 1U);
  EXPECT_EQ(model.started()[0]->name, "the group");
  EXPECT_TRUE(model.started()[0]->running());
  auto second = member("two", 3, false);
  second.completed = at(4);
  second.error = "no";
  model.apply(second);
  EXPECT_EQ(model.started()[0]->error, "no");
  EXPECT_EQ(model.started()[0]->elapsed(at(9)), at(2) - at(0));
  EXPECT_EQ(model.total(), 1U);
}

TEST(Model, AGroupOfWeakMembersStaysHidden) {
  Model model;
  model.apply(member("one", 0, true));
  EXPECT_TRUE(model.started().empty());
  EXPECT_EQ(model.total(), 0U);
  model.apply(member("two", 1, false));
  EXPECT_EQ(model.started().size(), 1U);
}

TEST(Model, NamesCannotPlayTricksOnTheTerminal) {
  Model model;
  auto vertex = running("x", 0);
  vertex.name = "RUN echo \x1b[2J\nfoo";
  model.apply(vertex);
  EXPECT_EQ(model.started()[0]->name, "RUN echo  foo");
}

}  // namespace
}  // namespace progress
