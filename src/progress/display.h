// SPDX-License-Identifier: Apache-2.0
#pragma once
// The display: one thread that turns build events into what a person or a program reads.
//
// Modes, as `docker buildx build --progress` names them: *plain* (text lines, each with the step's
// number), *tty* (a live tree redrawn in place), *rawjson* (one JSON line per batch of events in
// BuildKit's SolveStatus shape), *quiet* (nothing), *auto* (tty if the descriptor is a terminal).
//
//     auto display = progress::start_display({.mode = progress::Mode::automatic});
//     try {
//       run_build(*display);
//       display->finish();                               // last frame; the thread has ended
//     } catch (const base::Error& error) {
//       display->finish();                               // tty and plain print the failed step's log tail
//       std::cerr << display->error_report(error);       // Dockerfile excerpt, ERROR, hint
//     }
//
// The terminal's cursor is hidden only within a single write, so that no way of dying leaves it
// hidden. A failing write (a closed pipe) silences the display; the build goes on.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "progress/events.h"

namespace progress {

enum class Mode : std::uint8_t { automatic, tty, plain, rawjson, quiet };

/// "auto", "tty", "plain", "rawjson", "quiet" ("none" is accepted as quiet); nothing otherwise.
std::optional<Mode> parse_mode(std::string_view text);

/// What the environment says about looks; `from_environment` reads NO_COLOR, BUILDKIT_COLORS,
/// BUILDKIT_TTY_LOG_LINES, PROGRESS_NO_TRUNC, TTY_DISPLAY_RATE, BUILDKIT_PROGRESS and TERM.
struct DisplaySettings {
  std::optional<std::string> no_color;
  std::optional<std::string> colors;
  std::optional<std::string> log_lines;
  std::optional<std::string> no_trunc;
  std::optional<std::string> rate_ms;
  std::optional<std::string> mode;  ///< BUILDKIT_PROGRESS: the mode when no --progress is given
  std::optional<std::string> term;  ///< "dumb": auto means plain
  static DisplaySettings from_environment();
};

struct DisplayOptions {
  Mode mode = Mode::automatic;
  int fd = 2;                      ///< where to write; stays the caller's
  std::string phase = "Building";  ///< the header's word: "[+] Building 1.2s (3/7)"
  std::string description;         ///< plain: "#0 …" as the first line; tty: at the header's right
  DisplaySettings settings = DisplaySettings::from_environment();
  const base::Clock* clock = &base::system_clock();
};

class Display : public Sink {
 public:
  /// Draws the last state and ends the thread; further events are dropped. Idempotent.
  virtual void finish() = 0;
  /// After finish(): all warnings, in order.
  virtual std::vector<VertexWarning> warnings() const = 0;
  /// After finish(): what to print about `error`; with the failed step's log where the mode has not shown it.
  virtual std::string error_report(const base::Error& error) const = 0;
};

/// Starts the thread. Mode::tty on a descriptor that is no terminal throws failed_precondition.
std::unique_ptr<Display> start_display(const DisplayOptions& options);

}  // namespace progress
