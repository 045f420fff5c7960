// SPDX-License-Identifier: Apache-2.0
#include "progress/display.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "base/strings.h"
#include "progress/colours.h"
#include "progress/error_report.h"
#include "progress/model.h"
#include "progress/plain.h"
#include "progress/rawjson.h"
#include "progress/tty.h"

namespace progress {
namespace {

using std::chrono::milliseconds;

/// Log bytes that may wait for the terminal; a process that writes more waits with them.
constexpr std::size_t kQueueBytes = 4 * 1024 * 1024;
constexpr std::size_t kReportLines = 60;
constexpr milliseconds kDefaultRate{100};
constexpr std::int64_t kMaxLogLines = 100;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

ScreenSize screen_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

/// Writes everything, also to a non-blocking descriptor (a terminal shared with a program that made it so).
bool write_patiently(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return false;
    } else if (written < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

class QuietRenderer final : public Renderer {
 public:
  void changed(const Event& /*event*/, const Change& /*change*/) override {}
  void refresh(Model& /*model*/, base::Nanos /*now*/) override {}
  void finish(Model& /*model*/, base::Nanos /*now*/) override {}
  bool shows_failures() const override { return false; }
};

std::size_t weight(const Event& event) {
  const auto* log = std::get_if<VertexLog>(&event);
  return log == nullptr ? 0 : log->data.size();
}

class ThreadedDisplay final : public Display {
 public:
  ThreadedDisplay(std::unique_ptr<Renderer> renderer, const base::Clock& clock, milliseconds rate)
      : renderer_(std::move(renderer)), clock_(clock), rate_(rate) {
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadedDisplay() override { finish(); }

  void event(const Event& event) override {
    std::unique_lock lock(mutex_);
    const auto size = weight(event);
    if (size > 0) room_.wait(lock, [this] { return finishing_ || queued_bytes_ < kQueueBytes; });
    if (finishing_) return;
    queued_bytes_ += size;
    queue_.push_back(event);
    if (queued_bytes_ >= kQueueBytes) wake_.notify_one();
  }

  void finish() override {
    {
      const std::lock_guard lock(mutex_);
      finishing_ = true;
    }
    wake_.notify_one();
    room_.notify_all();
    const std::lock_guard joining(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  std::vector<VertexWarning> warnings() const override { return model_.warnings(); }

  std::string error_report(const base::Error& error) const override {
    const auto step = renderer_->shows_failures() ? std::nullopt : model_.failed_step(error.vertex(), kReportLines);
    return progress::error_report(error, step);
  }

 private:
  void run() {
    // A reader that went away must not end the build.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    for (bool last = false; !last;) {
      std::vector<Event> batch;
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, rate_, [this] { return finishing_ || queued_bytes_ >= kQueueBytes; });
        last = finishing_;
        batch.swap(queue_);
        queued_bytes_ = 0;
      }
      room_.notify_all();
      for (const auto& event : batch) renderer_->changed(event, model_.apply(event));
      if (last) {
        renderer_->finish(model_, clock_.now());
      } else {
        renderer_->refresh(model_, clock_.now());
      }
    }
  }

  std::unique_ptr<Renderer> renderer_;
  const base::Clock& clock_;
  milliseconds rate_;
  Model model_;  // the thread's; everybody's after finish()

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable room_;
  std::vector<Event> queue_;
  std::size_t queued_bytes_ = 0;
  bool finishing_ = false;
  std::mutex join_mutex_;
  std::thread thread_;
};

Mode choose(const DisplayOptions& options) {
  Mode mode = options.mode;
  if (mode == Mode::automatic && options.settings.mode) {
    const auto wanted = parse_mode(*options.settings.mode);
    if (!wanted) {
      base::fail(base::Code::invalid_argument,
                 "BUILDKIT_PROGRESS=\"{}\" is not a progress mode: use auto, tty, plain, rawjson or quiet",
                 *options.settings.mode);
    }
    mode = *wanted;
  }
  const bool terminal = ::isatty(options.fd) == 1;
  if (mode == Mode::tty && !terminal) {
    base::Error error(base::Code::failed_precondition, "showing progress as tty: standard error is not a terminal");
    error.set_hint("use --progress=plain, or leave --progress out");
    throw error;
  }
  if (mode == Mode::automatic) {
    mode = terminal && options.settings.term != "dumb" ? Mode::tty : Mode::plain;
  }
  return mode;
}

std::unique_ptr<Renderer> make_tty(const DisplayOptions& options, Writer writer) {
  TtyOptions tty{.phase = options.phase, .description = options.description, .palette = {}};
  std::vector<std::string> complaints;
  tty.palette = make_palette(options.settings.no_color, options.settings.colors, complaints);
  for (const auto& complaint : complaints) writer(complaint + "\n");
  const auto lines = base::parse_int(options.settings.log_lines.value_or(""));
  if (lines && *lines > 0) tty.log_lines = static_cast<std::size_t>(std::min(*lines, kMaxLogLines));
  return std::make_unique<TtyRenderer>(
      std::move(writer), [fd = options.fd] { return screen_size(fd); }, std::move(tty));
}

std::unique_ptr<Renderer> make_renderer(const DisplayOptions& options) {
  // Once the reader is gone there is nobody to tell; the build is worth finishing.
  Writer writer = [fd = options.fd, broken = false](std::string_view text) mutable {
    if (!broken) broken = !write_patiently(fd, text);
  };
  switch (choose(options)) {
    case Mode::tty: return make_tty(options, std::move(writer));
    case Mode::rawjson: return std::make_unique<RawJsonRenderer>(std::move(writer));
    case Mode::quiet: return std::make_unique<QuietRenderer>();
    case Mode::automatic:
    case Mode::plain: break;
  }
  return std::make_unique<PlainRenderer>(
      std::move(writer),
      PlainOptions{.description = options.description, .shorten_names = options.settings.no_trunc == "0"});
}

}  // namespace

std::optional<Mode> parse_mode(std::string_view text) {
  if (text == "auto") return Mode::automatic;
  if (text == "tty") return Mode::tty;
  if (text == "plain") return Mode::plain;
  if (text == "rawjson") return Mode::rawjson;
  if (text == "quiet" || text == "none") return Mode::quiet;
  return std::nullopt;
}

DisplaySettings DisplaySettings::from_environment() {
  return {.no_color = environment("NO_COLOR"),
          .colors = environment("BUILDKIT_COLORS"),
          .log_lines = environment("BUILDKIT_TTY_LOG_LINES"),
          .no_trunc = environment("PROGRESS_NO_TRUNC"),
          .rate_ms = environment("TTY_DISPLAY_RATE"),
          .mode = environment("BUILDKIT_PROGRESS"),
          .term = environment("TERM")};
}

std::unique_ptr<Display> start_display(const DisplayOptions& options) {
  const auto rate = base::parse_int(options.settings.rate_ms.value_or(""));
  const auto every = rate && *rate >= 1 && *rate <= 60'000 ? milliseconds(*rate) : kDefaultRate;
  return std::make_unique<ThreadedDisplay>(make_renderer(options), *options.clock, every);
}

}  // namespace progress
