// SPDX-License-Identifier: Apache-2.0
#include "progress/step.h"

#include <gtest/gtest.h>

#include <vector>

#include "progress/testing/story.h"

namespace progress {
namespace {

using testing::at;

class Recorder final : public Sink {
 public:
  void event(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

class HandClock final : public base::Clock {
 public:
  base::Nanos now() const override { return time; }
  base::Nanos time = at(0);
};

TEST(Step, StartsLogsAndEnds) {
  Recorder sink;
  HandClock clock;
  Step step(sink, clock, "load");
  clock.time = at(1);
  step.log(2, "text");
  step.cached();
  step.done();  // the first end counts
  ASSERT_EQ(sink.events.size(), 3U);
  EXPECT_EQ(std::get<Vertex>(sink.events[0]).started, at(0));
  EXPECT_FALSE(std::get<Vertex>(sink.events[0]).completed);
  EXPECT_EQ(std::get<VertexLog>(sink.events[1]).stream, 2);
  EXPECT_EQ(std::get<Vertex>(sink.events[2]).completed, at(1));
  EXPECT_TRUE(std::get<Vertex>(sink.events[2]).cached);
}

TEST(Step, OneThatIsAbandonedCountsAsCancelled) {
  Recorder sink;
  HandClock clock;
  {
    const Step step(sink, clock, "load");
  }
  EXPECT_TRUE(is_cancellation(std::get<Vertex>(sink.events.back()).error));
}

TEST(Step, AnErrorInItsWorkIsItsFailure) {
  Recorder sink;
  HandClock clock;
  const auto run = [&] {
    Step step(sink, clock, "export");
    step.guard([] { base::fail(base::Code::unknown, "disk is full"); });
  };
  EXPECT_THROW(run(), base::Error);
  ASSERT_EQ(sink.events.size(), 2U);
  EXPECT_EQ(std::get<Vertex>(sink.events.back()).error, "disk is full");
}

TEST(Step, TransfersAreThrottledButTheLastNumbersArrive) {
  Recorder sink;
  HandClock clock;
  Step step(sink, clock, "load");
  auto transfer = step.transfer("bytes:");
  for (int i = 1; i <= 1000; ++i) {
    clock.time = at(i * 0.01);
    transfer.update(i, 1000);
  }
  transfer.done(1000, 1000);
  std::size_t statuses = 0;
  for (const auto& event : sink.events) statuses += std::holds_alternative<VertexStatus>(event) ? 1 : 0;
  EXPECT_EQ(statuses, 12U);  // the start, ten in a second, the end
  const auto& last = std::get<VertexStatus>(sink.events.back());
  EXPECT_EQ(last.current, 1000);
  EXPECT_TRUE(last.completed);
}

}  // namespace
}  // namespace progress
