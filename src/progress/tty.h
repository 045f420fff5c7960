// SPDX-License-Identifier: Apache-2.0
#pragma once
// The live tree: a header, a line for each step, below it what runs, redrawn in place.
//
//     [+] Building 12.3s (5/9)
//      => CACHED [builder 2/4] COPY go.mod go.sum .                                      0.0s
//      => [builder 3/4] RUN go build ./...                                               9.8s
//      => => # go: downloading golang.org/x/sys v0.21.0
//      => [stage-1 1/2] FROM docker.io/library/debian:bookworm-slim                      3.1s
//      => => sha256:5f70bf18a086 ━━━━━━━━━━━━━━━━────  21.30MB / 29.15MB                 2.2s
//
// A step that ended folds to its one line. When the screen is too low, finished steps give way first
// (oldest first), then log lines. A frame never has more rows than the screen, so nothing scrolls
// while it runs; the last frame shows every step and may scroll.
//
// Each frame is one write: cursor off, up over the last frame, each line followed by "clear to the
// end", clear below, cursor on. After a resize the rows of the last frame are counted as a terminal
// that re-wraps lines would show them.
#include <cstddef>
#include <string>
#include <vector>

#include "progress/colours.h"
#include "progress/renderer.h"

namespace progress {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

struct TtyOptions {
  std::string phase = "Building";
  std::string description;
  Palette palette;
  std::size_t log_lines = 6;  ///< at most, for each running step
};

class TtyRenderer final : public Renderer {
 public:
  static constexpr std::size_t kFailureLines = 100;

  /// `size` is asked before each frame.
  TtyRenderer(Writer writer, std::function<ScreenSize()> size, TtyOptions options);
  void changed(const Event& event, const Change& change) override;
  void refresh(Model& model, base::Nanos now) override;
  void finish(Model& model, base::Nanos now) override;
  bool shows_failures() const override { return true; }

 private:
  enum class Part : std::uint8_t { running, all };
  struct Line {
    std::string text;    // without escape sequences
    std::string colour;  // "" for none
  };
  /// One step with the lines below it.
  struct Block {
    Line head;
    bool running = false;
    std::vector<Line> below;  // transfers, warnings
    std::vector<Line> log;
  };

  void draw(const std::vector<Line>& lines, ScreenSize size);
  std::vector<Line> lay_out(const Model& model, ScreenSize size, base::Nanos now, Part part) const;
  Line header(const Model& model, ScreenSize size, base::Nanos now, Part part) const;
  Block block(const VertexState& vertex, ScreenSize size, base::Nanos now, Part part) const;
  Line transfer_line(const VertexStatus& status, ScreenSize size, base::Nanos now) const;
  static void fit(std::vector<Block>& blocks, std::size_t rows);

  Writer writer_;
  std::function<ScreenSize()> size_;
  TtyOptions options_;
  std::vector<std::size_t> drawn_;  // columns of each line of the last frame
};

}  // namespace progress
