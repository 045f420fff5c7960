// SPDX-License-Identifier: Apache-2.0
#include "progress/tty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "progress/testing/golden.h"
#include "progress/testing/screen.h"
#include "progress/testing/story.h"

namespace progress {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

class Live {
 public:
  Live(std::size_t columns, std::size_t rows, TtyOptions options = {})
      : size_{columns, rows},
        screen_(columns, rows),
        renderer_([this](std::string_view text) { screen_.write(text); }, [this] { return size_; },
                  std::move(options)) {}
  Live& tell(const Event& event) {
    renderer_.changed(event, model_.apply(event));
    return *this;
  }
  Live& refresh(double tenths) {
    renderer_.refresh(model_, at(tenths));
    return *this;
  }
  Live& finish(double tenths) {
    renderer_.finish(model_, at(tenths));
    return *this;
  }
  std::string text() const { return base::join(screen_.all_rows(), "\n") + "\n"; }
  const Screen& screen() const { return screen_; }

 private:
  ScreenSize size_;
  Screen screen_;
  Model model_;
  TtyRenderer renderer_;
};

TEST(Tty, SaysWhyAStepRuns) {
  Live live(60, 24);
  Vertex vertex = running("[2/2] RUN make", 0);
  vertex.note = "a.c changed";
  EXPECT_THAT(live.tell(vertex).refresh(1).text(), HasSubstr("=> [2/2] RUN make  ← a.c changed"));
}

TEST(Tty, DrawsTheTreeInPlace) {
  Live live(80, 24, {.description = "docker:default"});
  live.tell(known("[stage-1 2/2] COPY --from=builder /app /app"));
  live.tell(cached("[builder 2/4] COPY go.mod go.sum .", 0)).refresh(1);
  live.tell(running("[builder 3/4] RUN go build ./...", 1)).tell(running("[stage-1 1/2] FROM debian", 1)).refresh(2);
  live.tell(log("[builder 3/4] RUN go build ./...", 3,
                "go: downloading \x1b[32mgolang.org/x/sys\x1b[0m\tv0.21.0\n 10%\r 55%"));
  live.tell(transfer("[stage-1 1/2] FROM debian", "sha256:" + std::string(64, 'a'), 1, 3, 21'300'000, 29'150'000))
      .refresh(4);
  live.tell(VertexWarning{.vertex = id("[builder 3/4] RUN go build ./..."), .short_text = "uses a cgo package"});
  live.refresh(12);
  const auto middle = live.text();
  EXPECT_EQ(middle, golden(SLIPWAY_TESTDATA, "tty_running.txt", middle));
  live.tell(transferred("[stage-1 1/2] FROM debian", "sha256:" + std::string(64, 'a'), 1, 13, 29'150'000, 29'150'000));
  live.tell(done("[stage-1 1/2] FROM debian", 1, 14)).tell(done("[builder 3/4] RUN go build ./...", 1, 15)).refresh(15);
  live.tell(done("[stage-1 2/2] COPY --from=builder /app /app", 15, 16)).finish(17);
  const auto end = live.text();
  EXPECT_EQ(end, golden(SLIPWAY_TESTDATA, "tty_finished.txt", end));
  EXPECT_EQ(live.screen().garbage(), 0U);
  EXPECT_TRUE(live.screen().cursor_visible());
  EXPECT_TRUE(live.screen().scrolled().empty());
}

TEST(Tty, AFailureLeavesTheLogOfItsStep) {
  Live live(60, 20);
  live.tell(running("[2/2] RUN make", 0)).tell(log("[2/2] RUN make", 1, "a.c: error\n")).refresh(1);
  live.tell(failed("[2/2] RUN make", 0, 2, "exit code: 2")).tell(failed("[other] RUN sleep", 0, 2, "context canceled"));
  const auto text = live.finish(3).text();
  EXPECT_EQ(text, golden(SLIPWAY_TESTDATA, "tty_failed.txt", text));
}

TEST(Tty, NeverScrollsWhileItRuns) {
  Live live(50, 8);
  for (int i = 0; i < 30; ++i) {
    live.tell(done("old step " + std::to_string(i), i, i)).refresh(i);
  }
  for (int i = 0; i < 3; ++i) {
    const auto name = "running " + std::to_string(i);
    live.tell(running(name, 30 + i)).tell(log(name, 40, "one\ntwo\nthree\nfour\n")).refresh(40 + i);
  }
  EXPECT_TRUE(live.screen().scrolled().empty());
  const auto text = live.text();
  EXPECT_THAT(text, HasSubstr("(30/33)"));
  for (const auto* name : {"running 0", "running 1", "running 2"}) EXPECT_THAT(text, HasSubstr(name));
  EXPECT_THAT(text, Not(HasSubstr("old step 0 ")));
  EXPECT_LE(live.screen().all_rows().size(), 7U);
}

TEST(Tty, MoreRunningStepsThanRowsDoNotScrollEither) {
  Live live(50, 5);
  for (int i = 0; i < 20; ++i) live.tell(running("step " + std::to_string(i), i)).refresh(i);
  EXPECT_TRUE(live.screen().scrolled().empty());
  EXPECT_LE(live.screen().all_rows().size(), 4U);
}

TEST(Tty, TheLastFrameShowsEveryStepOnce) {
  Live live(50, 6);
  for (int i = 0; i < 12; ++i) live.tell(done("step-" + std::to_string(i) + "-", i, i + 1)).refresh(i);
  const auto text = live.finish(13).text();
  EXPECT_THAT(text, HasSubstr("(12/12) FINISHED"));
  for (int i = 0; i < 12; ++i) {
    const auto name = "step-" + std::to_string(i) + "-";
    EXPECT_NE(text.find(name), std::string::npos) << name;
    EXPECT_EQ(text.find(name), text.rfind(name)) << name;
  }
}

TEST(Tty, NarrowScreensCutNamesAndDropTimes) {
  for (const std::size_t columns : {1U, 2U, 5U, 12U, 23U, 30U}) {
    Live live(columns, 10);
    live.tell(running("[builder 3/4] RUN 日本語 make", 0))
        .tell(log("[builder 3/4] RUN 日本語 make", 1, "日本語日本語日本語\n"));
    live.tell(transfer("[builder 3/4] RUN 日本語 make", "x", 0, 1, 5, 10)).refresh(1).refresh(2);
    EXPECT_TRUE(live.screen().scrolled().empty()) << columns;
    EXPECT_EQ(live.screen().all_rows().size(), 4U) << columns << "\n" << live.text();
  }
}

TEST(Tty, AFrameStaysInPlaceWhenAWindowWasMadeNarrower) {
  // A terminal that re-wraps shows the 79-column line as two rows of 40: both must be painted over.
  std::string out;
  ScreenSize size{80, 24};
  TtyRenderer renderer([&](std::string_view text) { out = text; }, [&] { return size; }, {});
  Model model;
  model.apply(running("a", 0));
  renderer.refresh(model, at(1));
  size.columns = 40;
  renderer.refresh(model, at(2));
  EXPECT_THAT(out, HasSubstr("\x1b[3A"));
  renderer.refresh(model, at(3));
  EXPECT_THAT(out, HasSubstr("\x1b[2A"));
}

TEST(Tty, WithoutColoursThereIsNotOneColourSequence) {
  Live plain(60, 10);
  plain.tell(done("a", 0, 1)).tell(running("b", 0)).tell(log("b", 0, "\x1b[31mred\n")).refresh(1);
  EXPECT_EQ(plain.screen().colours(), 0U);
  std::vector<std::string> complaints;
  Live coloured(60, 10, {.palette = make_palette(std::nullopt, std::nullopt, complaints)});
  coloured.tell(done("a", 0, 1)).refresh(1);
  EXPECT_GT(coloured.screen().colours(), 0U);
}

}  // namespace
}  // namespace progress
