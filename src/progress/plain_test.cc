// SPDX-License-Identifier: Apache-2.0
#include "progress/plain.h"

#include <gtest/gtest.h>

#include "progress/testing/golden.h"
#include "progress/testing/story.h"

namespace progress {
namespace {

using namespace testing;

/// Tells events and refreshes at given times, and keeps the text.
class Teller {
 public:
  explicit Teller(PlainOptions options = {})
      : renderer_([this](std::string_view text) { text_ += text; }, std::move(options)) {}
  Teller& tell(const Event& event) {
    renderer_.changed(event, model_.apply(event));
    return *this;
  }
  Teller& refresh(double tenths) {
    renderer_.refresh(model_, at(tenths));
    return *this;
  }
  std::string finish(double tenths) {
    renderer_.finish(model_, at(tenths));
    return text_;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  Model model_;
  PlainRenderer renderer_;
};

TEST(Plain, TellsABuildAsBuildxDoes) {
  Teller teller;
  teller.tell(known("[1/3] FROM base")).tell(known("[2/3] RUN make"));
  teller.tell(running("[internal] load build definition from Dockerfile", 0));
  teller.tell(transfer("[internal] load build definition from Dockerfile", "transferring dockerfile:", 0, 0, 0, 0));
  teller.tell(
      transferred("[internal] load build definition from Dockerfile", "transferring dockerfile:", 0, 0.3, 312, 0));
  teller.tell(done("[internal] load build definition from Dockerfile", 0, 0.4)).refresh(1);
  teller.tell(running("[1/3] FROM base", 1));
  teller.tell(transfer("[1/3] FROM base", "sha256:0123", 1, 2, 1'000'000, 3'400'000)).refresh(2);
  teller.tell(transfer("[1/3] FROM base", "sha256:0123", 1, 2.5, 1'010'000, 3'400'000)).refresh(3);
  teller.tell(transfer("[1/3] FROM base", "sha256:0123", 1, 4, 2'000'000, 3'400'000)).refresh(4);
  teller.tell(transferred("[1/3] FROM base", "sha256:0123", 1, 5, 3'400'000, 3'400'000));
  teller.tell(done("[1/3] FROM base", 1, 5)).refresh(5);
  teller.tell(cached("[2/3] COPY . .", 5)).refresh(6);
  teller.tell(running("[3/3] RUN make", 6)).tell(log("[3/3] RUN make", 7.23, "cc -c a.c\ncc ")).refresh(8);
  teller.tell(log("[3/3] RUN make", 126, "-c b.c\n")).refresh(127);
  teller.tell(VertexWarning{.vertex = id("[3/3] RUN make"), .short_text = "slow"});
  teller.tell(log("[3/3] RUN make", 130, "a.c: no such file"));
  teller.tell(
      failed("[3/3] RUN make", 6, 131, "process \"/bin/sh -c make\" did not complete successfully: exit code: 2"));
  teller.tell(failed("[other 1/1] RUN sleep", 7, 131, "context canceled"));
  const auto text = teller.finish(132);
  EXPECT_EQ(text, golden(SLIPWAY_TESTDATA, "plain.txt", text));
}

TEST(Plain, SaysWhyAStepRunsOnceAndBeforeItsLog) {
  Teller teller;
  Vertex vertex = running("[2/2] RUN make", 0);
  vertex.note = "a\x1b[31m.c changed";
  teller.tell(vertex).tell(log("[2/2] RUN make", 1, "cc\n")).refresh(1);
  Vertex ended = done("[2/2] RUN make", 0, 2);
  ended.note = vertex.note;
  teller.tell(ended).refresh(3);
  EXPECT_EQ(teller.text(), "#1 [2/2] RUN make\n#1 ← a.c changed\n#1 0.100 cc\n#1 DONE 0.2s\n");
}

TEST(Plain, TwoStepsAtOnceKeepTheirLinesTogether) {
  Teller teller;
  teller.tell(running("a", 0)).tell(running("b", 0.1)).tell(log("a", 1, "a1\n")).refresh(1);
  teller.tell(log("b", 2, "b1\n")).tell(log("a", 2, "a2\n")).refresh(2);
  EXPECT_EQ(teller.text(), "#1 a\n#1 0.100 a1\n#1 0.200 a2\n");
  // After five seconds of waiting b is shown, and goes on being current.
  teller.tell(log("a", 60, "a3\n")).refresh(60);
  teller.tell(log("b", 61, "b2\n")).refresh(61);
  EXPECT_EQ(teller.text(), "#1 a\n#1 0.100 a1\n#1 0.200 a2\n#1 6.000 a3\n#1 ...\n\n#2 b\n#2 0.190 b1\n#2 6.090 b2\n");
  teller.tell(done("a", 0, 62)).tell(done("b", 0.1, 63)).refresh(64);
  EXPECT_TRUE(teller.text().ends_with("#2 DONE 6.3s\n\n#1 a\n#1 DONE 6.2s\n")) << teller.text();
}

TEST(Plain, AFloodFromAnotherStepIsNotHeldBack) {
  Teller teller;
  teller.tell(running("a", 0)).tell(log("a", 0, "x\n")).tell(running("b", 0)).refresh(1);
  const std::string line(1000, 'z');
  for (int i = 0; i < 1100; ++i) teller.tell(log("b", 1, line + "\n"));
  teller.refresh(1.1);
  EXPECT_NE(teller.text().find("#1 ...\n\n#2 b\n"), std::string::npos);
  EXPECT_GT(teller.text().size(), 1'100'000U);
}

TEST(Plain, StepsThatEndedAreToldInTheOrderOfTheirEnds) {
  Teller teller;
  teller.tell(done("late", 0, 5)).tell(done("early", 1, 2)).refresh(6);
  EXPECT_EQ(teller.text(), "#1 early\n#1 DONE 0.1s\n\n#2 late\n#2 DONE 0.5s\n");
}

TEST(Plain, APromptWithoutALineEndIsShownAfterAWhile) {
  Teller teller;
  teller.tell(running("a", 0)).tell(log("a", 1, "Continue? ")).refresh(1);
  teller.refresh(20);
  EXPECT_EQ(teller.text(), "#1 a\n");
  teller.refresh(22);
  EXPECT_EQ(teller.text(), "#1 a\n#1 0.100 Continue? \n");
}

TEST(Plain, AStatusLeftOpenDoesNotSwallowTheEnd) {
  Teller teller;
  teller.tell(running("a", 0)).tell(transfer("a", "blob", 0, 1, 5, 10)).tell(done("a", 0, 2)).refresh(2);
  EXPECT_EQ(teller.finish(3), "#1 a\n#1 blob 5B / 10B 0.1s\n#1 DONE 0.2s\n");
}

TEST(Plain, AStepThatNeverEndedKeepsItsLines) {
  Teller teller;
  teller.tell(running("a", 0)).tell(running("b", 0)).tell(log("a", 0, "1\n")).refresh(1);
  teller.tell(log("b", 1, "last words"));
  EXPECT_EQ(teller.finish(2), "#1 a\n#1 0.000 1\n#1 ...\n\n#2 b\n#2 0.100 last words\n");
}

TEST(Plain, LongNamesAreCutOnlyOnRequest) {
  const std::string name = "RUN " + std::string(100, 'x');
  EXPECT_NE(Teller().tell(cached(name, 0)).finish(1).find(name + "\n"), std::string::npos);
  EXPECT_NE(Teller({.description = "building", .shorten_names = true})
                .tell(cached(name, 0))
                .finish(1)
                .find("#0 building\n\n#1 RUN " + std::string(68, 'x') + "...\n"),
            std::string::npos);
}

TEST(Plain, NothingAtAllPrintsNothing) { EXPECT_EQ(Teller({.description = "quietly"}).finish(1), ""); }

}  // namespace
}  // namespace progress
