// SPDX-License-Identifier: Apache-2.0
#include "progress/display.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <atomic>
#include <thread>

#include "base/fd.h"
#include "base/json.h"
#include "base/strings.h"
#include "progress/step.h"
#include "progress/testing/screen.h"
#include "progress/testing/story.h"

namespace progress {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// A pseudo-terminal whose other end is read by a thread.
class Terminal {
 public:
  Terminal(unsigned short columns, unsigned short rows) {
    winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    int slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) throw std::runtime_error("openpty");
    master_.reset(master);
    slave_.reset(slave);
    reader_ = std::thread([this] {
      char buffer[4096];
      for (;;) {
        const auto got = ::read(master_.get(), buffer, sizeof buffer);  // EIO once the slave is closed
        if (got <= 0) return;
        bytes_.append(buffer, static_cast<std::size_t>(got));
      }
    });
  }
  ~Terminal() { close(); }
  int fd() const { return slave_.get(); }
  /// Everything that was written; ends the terminal.
  const std::string& close() {
    slave_.reset();
    if (reader_.joinable()) reader_.join();
    return bytes_;
  }

 private:
  base::Fd master_;
  base::Fd slave_;
  std::string bytes_;
  std::thread reader_;
};

DisplayOptions options(Mode mode, int fd) {
  DisplayOptions out{.mode = mode, .fd = fd, .settings = {}};
  out.settings.rate_ms = "1";
  return out;
}

TEST(Display, OnATerminalTheFinalScreenHasEachStepOnItsLine) {
  Terminal terminal(70, 12);
  auto display = start_display(options(Mode::automatic, terminal.fd()));
  display->event(known("[2/2] RUN make"));
  display->event(done("[1/2] FROM base", 0, 3));
  display->event(running("[2/2] RUN make", 3));
  for (int i = 0; i < 200; ++i) display->event(log("[2/2] RUN make", 4, "line " + std::to_string(i) + "\r\n"));
  display->event(done("[2/2] RUN make", 3, 9));
  display->finish();
  Screen screen(70, 12);
  screen.write(terminal.close());
  const auto rows = screen.all_rows();
  ASSERT_EQ(rows.size(), 3U) << base::join(rows, "\n");
  EXPECT_THAT(rows[0], ::testing::StartsWith("[+] Building "));
  EXPECT_THAT(rows[0], HasSubstr("(2/2) FINISHED"));
  EXPECT_EQ(rows[1], " => [1/2] FROM base                                              0.3s");
  EXPECT_EQ(rows[2], " => [2/2] RUN make                                               0.6s");
  EXPECT_EQ(screen.garbage(), 0U);
  EXPECT_TRUE(screen.cursor_visible());
}

TEST(Display, EveryWriteLeavesTheCursorVisible) {
  // Whatever moment the program dies at, the bytes so far end with the cursor on.
  Terminal terminal(70, 12);
  auto display = start_display(options(Mode::tty, terminal.fd()));
  display->event(running("a", 0));
  display->finish();
  const auto& bytes = terminal.close();
  std::size_t hidden = 0;
  std::size_t shown = 0;
  for (std::size_t at = 0; (at = bytes.find("\x1b[?25l", at)) != std::string::npos; ++at) ++hidden;
  for (std::size_t at = 0; (at = bytes.find("\x1b[?25h", at)) != std::string::npos; ++at) ++shown;
  EXPECT_EQ(hidden, shown);
  EXPECT_GT(hidden, 0U);
}

std::string through_a_pipe(Mode mode, const std::function<void(Display&)>& story) {
  auto pipe = base::make_pipe();
  std::string text;
  std::thread reader([&] { text = base::read_all(pipe.read.get()); });
  {
    auto display = start_display(options(mode, pipe.write.get()));
    story(*display);
    display->finish();
    display->finish();
  }
  pipe.write.reset();
  reader.join();
  return text;
}

TEST(Display, AutoOnAPipeIsPlain) {
  EXPECT_EQ(through_a_pipe(Mode::automatic, [](Display& display) { display.event(cached("a", 1)); }),
            "#1 a\n#1 CACHED\n");
}

TEST(Display, QuietSaysNothingButCanReportTheFailure) {
  std::string report;
  const auto story = [&](Display& display) {
    display.event(running("RUN x", 0));
    display.event(log("RUN x", 1, "why\n"));
    display.event(failed("RUN x", 0, 2, "exit code: 1"));
    display.finish();
    base::Error error(base::Code::unknown, "exit code: 1");
    error.set_vertex(id("RUN x").str());
    report = display.error_report(error);
  };
  EXPECT_EQ(through_a_pipe(Mode::quiet, story), "");
  EXPECT_EQ(report, "------\n > RUN x:\n0.100 why\n------\nERROR: exit code: 1\n");
  const auto plain = through_a_pipe(Mode::plain, story);
  EXPECT_TRUE(plain.ends_with("#1 ERROR: exit code: 1\n------\n > RUN x:\n0.100 why\n------\n")) << plain;
  EXPECT_EQ(report, "ERROR: exit code: 1\n");
}

TEST(Display, RawJsonLinesCanAllBeParsed) {
  const auto text = through_a_pipe(Mode::rawjson, [](Display& display) {
    for (int i = 0; i < 100; ++i) display.event(log("x", i, "data\n"));
  });
  auto lines = base::split(text, '\n');
  ASSERT_EQ(lines.size(), 101U);
  lines.pop_back();
  for (const auto& line : lines) EXPECT_EQ(base::Json::parse(line)["logs"].items().size(), 1U);
}

TEST(Display, EventsFromManyThreadsAllArrive) {
  const auto text = through_a_pipe(Mode::plain, [](Display& display) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&display, t] {
        Step step(display, base::system_clock(), "step " + std::to_string(t));
        for (int i = 0; i < 500; ++i) step.log(1, "line\n");
        step.done();
      });
    }
    for (auto& thread : threads) thread.join();
  });
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find(" line\n", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 2000U);
  EXPECT_THAT(text, HasSubstr("#4 DONE"));
}

TEST(Display, AFloodWaitsForTheReaderInsteadOfFillingMemory) {
  auto pipe = base::make_pipe();
  auto display = start_display(options(Mode::plain, pipe.write.get()));
  display->event(running("x", 0));
  std::atomic<std::size_t> accepted = 0;
  const std::string chunk = std::string(99, 'x') + "\n";
  std::string block;
  for (int i = 0; i < 10'000; ++i) block += chunk;  // 1 MB
  std::thread flood([&] {
    for (int i = 0; i < 40; ++i) {
      display->event(log("x", 1, block));
      ++accepted;
    }
  });
  // Nothing reads: the pipe is full, one batch is being written, one waits in the queue.
  base::Fd reader = std::move(pipe.read);
  char first = 0;
  ASSERT_EQ(::read(reader.get(), &first, 1), 1);
  EXPECT_LT(accepted.load(), 20U);
  std::thread drain([&] { base::read_all(reader.get()); });
  flood.join();
  EXPECT_EQ(accepted.load(), 40U);
  display->finish();
  display.reset();
  pipe.write.reset();
  drain.join();
}

TEST(Display, AReaderThatWentAwayDoesNotEndTheBuild) {
  auto pipe = base::make_pipe();
  auto display = start_display(options(Mode::plain, pipe.write.get()));
  pipe.read.reset();
  display->event(cached("a", 1));
  display->event(cached("b", 1));
  display->finish();
  EXPECT_TRUE(display->warnings().empty());
}

TEST(Display, EventsAfterTheEndAreDropped) {
  const auto text = through_a_pipe(Mode::plain, [](Display& display) {
    display.finish();
    display.event(cached("late", 1));
    display.event(log("late", 1, "x"));
  });
  EXPECT_EQ(text, "");
}

TEST(Display, TtyOnAPipeIsRefusedWithAWayOut) {
  auto pipe = base::make_pipe();
  try {
    start_display(options(Mode::tty, pipe.write.get()));
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::failed_precondition);
    EXPECT_THAT(error.hint(), HasSubstr("--progress=plain"));
  }
}

TEST(Display, TheEnvironmentChoosesTheModeOfAuto) {
  auto pipe = base::make_pipe();
  auto chosen = options(Mode::automatic, pipe.write.get());
  chosen.settings.mode = "rawjson";
  auto display = start_display(chosen);
  display->event(cached("a", 1));
  display->finish();
  char first = 0;
  ASSERT_EQ(::read(pipe.read.get(), &first, 1), 1);
  EXPECT_EQ(first, '{');
  chosen.settings.mode = "fancy";
  EXPECT_THROW(start_display(chosen), base::Error);
}

TEST(Display, ADumbTerminalGetsPlainText) {
  Terminal terminal(70, 12);
  auto chosen = options(Mode::automatic, terminal.fd());
  chosen.settings.term = "dumb";
  auto display = start_display(chosen);
  display->event(cached("a", 1));
  display->finish();
  EXPECT_EQ(terminal.close(), "#1 a\r\n#1 CACHED\r\n");
}

TEST(ParseMode, KnowsBuildxsNames) {
  EXPECT_EQ(parse_mode("auto"), Mode::automatic);
  EXPECT_EQ(parse_mode("tty"), Mode::tty);
  EXPECT_EQ(parse_mode("plain"), Mode::plain);
  EXPECT_EQ(parse_mode("rawjson"), Mode::rawjson);
  EXPECT_EQ(parse_mode("quiet"), Mode::quiet);
  EXPECT_EQ(parse_mode("none"), Mode::quiet);
  EXPECT_FALSE(parse_mode("fancy"));
  EXPECT_FALSE(parse_mode(""));
}

}  // namespace
}  // namespace progress
