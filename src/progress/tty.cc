// SPDX-License-Identifier: Apache-2.0
#include "progress/tty.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/format.h"
#include "progress/plain.h"
#include "progress/text_width.h"
#include "progress/units.h"

namespace progress {
namespace {

constexpr std::string_view kStep = " => ";
constexpr std::string_view kBelow = " => => ";
constexpr std::string_view kLog = " => => # ";
constexpr std::size_t kNoTimesBelow = 24;  // columns: a narrower screen has names only
constexpr std::size_t kBarFrom = 72;       // columns: a narrower screen has no bars
constexpr std::size_t kBar = 20;

/// The last column stays free: a character there makes some terminals wrap.
std::size_t usable(ScreenSize size) { return size.columns > 1 ? size.columns - 1 : 1; }

/// `left` cut and filled, `right` at the right edge.
std::string two_ends(std::string_view left, std::string_view right, std::size_t columns) {
  if (columns < kNoTimesBelow || right.empty()) return ellipsize(left, columns);
  const auto room = columns - columns_of(right) - 1;
  return pad_to(ellipsize(left, room), room) + " " + std::string(right);
}

std::string time_text(base::Nanos time) {
  const double seconds = to_seconds(time);
  // A tenth of a second that was hardly begun reads as work: 0.04 s is shown as nothing.
  return base::format("{:.1f}s", seconds < 0.05 ? 0 : seconds);
}

std::string bar(std::int64_t current, std::int64_t total) {
  const double share = std::clamp(static_cast<double>(current) / static_cast<double>(total), 0.0, 1.0);
  const auto full = static_cast<std::size_t>(share * kBar);
  std::string out;
  for (std::size_t i = 0; i < kBar; ++i) out += i < full ? "━" : "─";
  return out;
}

/// "sha256:5f70bf18a086…" is enough to follow a transfer by.
std::string short_id(std::string_view id) {
  constexpr std::string_view kPrefix = "sha256:";
  const auto at = id.find(kPrefix);
  if (at == std::string_view::npos || id.size() < at + kPrefix.size() + 64) return std::string(id);
  std::string out(id.substr(0, at + kPrefix.size() + 12));
  return out.append(id.substr(at + kPrefix.size() + 64));
}

/// Log text as plain cells: colours would be cut in the middle, tabs have no fixed width.
std::string log_cells(std::string_view line) { return safe_text(line); }

}  // namespace

TtyRenderer::TtyRenderer(Writer writer, std::function<ScreenSize()> size, TtyOptions options)
    : writer_(std::move(writer)), size_(std::move(size)), options_(std::move(options)) {}

void TtyRenderer::changed(const Event& /*event*/, const Change& /*change*/) {}

void TtyRenderer::refresh(Model& model, base::Nanos now) {
  const auto size = size_();
  draw(lay_out(model, size, now, Part::running), size);
}

void TtyRenderer::finish(Model& model, base::Nanos now) {
  const auto size = size_();
  draw(lay_out(model, size, now, Part::all), size);
  std::string out;
  for (const auto& step : model.failed_steps(kFailureLines)) out += failed_step_block(step);
  if (!out.empty()) writer_(out);
}

TtyRenderer::Line TtyRenderer::header(const Model& model, ScreenSize size, base::Nanos now, Part part) const {
  const auto total = model.total();
  const auto completed = model.completed();
  const bool finished = part == Part::all && total > 0 && completed == total;
  const auto elapsed = now - model.start_time().value_or(now);
  const auto left =
      base::format("[+] {} {:.1f}s ({}/{}){}", options_.phase, to_seconds(std::max<base::Nanos>(0, elapsed)), completed,
                   total, finished ? " FINISHED" : "");
  return {two_ends(left, options_.description, usable(size)), options_.palette.bold};
}

TtyRenderer::Line TtyRenderer::transfer_line(const VertexStatus& status, ScreenSize size, base::Nanos now) const {
  auto text = std::string(kBelow) + short_id(status.id);
  if (status.total > 0 && size.columns >= kBarFrom) text += " " + bar(status.current, status.total);
  text += transfer_text(status);
  const auto time = status.started ? time_text(status.completed.value_or(now) - *status.started) : "";
  return {two_ends(text, time, usable(size)), status.completed ? options_.palette.run : ""};
}

TtyRenderer::Block TtyRenderer::block(const VertexState& vertex, ScreenSize size, base::Nanos now, Part part) const {
  const auto& palette = options_.palette;
  Block out;
  out.running = vertex.running() && part == Part::running;
  std::string name(kStep);
  std::string colour;
  if (vertex.completed() || !vertex.error.empty()) colour = palette.run;
  if (vertex.cached) name += "CACHED ";
  if (vertex.cancelled()) {
    name += "CANCELED ";
    colour = palette.cancel;
  } else if (vertex.failed()) {
    name += "ERROR ";
    colour = palette.error;
  }
  for (const char c : vertex.name) name += c == '\t' ? ' ' : c;
  if (!vertex.note.empty()) name += "  ← " + vertex.note;
  out.head = {two_ends(name, time_text(vertex.elapsed(now)), usable(size)), colour};
  if (out.running) {
    for (const auto& status : vertex.statuses) {
      if (status.started) out.below.push_back(transfer_line(status, size, now));
    }
    for (const auto& line : vertex.screen(options_.log_lines)) {
      out.log.push_back({ellipsize(std::string(kLog) + log_cells(line), usable(size)), palette.faint});
    }
  }
  for (const auto& warning : vertex.warnings) {
    out.below.push_back({ellipsize(" => => WARN: " + safe_text(warning.short_text), usable(size)), palette.warning});
  }
  return out;
}

void TtyRenderer::fit(std::vector<Block>& blocks, std::size_t rows) {
  std::size_t used = 0;
  for (const auto& b : blocks) used += 1 + b.below.size() + b.log.size();
  // Finished steps go first, oldest first, but a few stay in sight while only log lines are at stake.
  constexpr std::size_t kKeepFinished = 3;
  auto finished =
      static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), [](const Block& b) { return !b.running; }));
  const auto drop_finished = [&](std::size_t keep) {
    std::erase_if(blocks, [&](const Block& b) {
      if (b.running || used <= rows || finished <= keep) return false;
      used -= 1 + b.below.size();
      --finished;
      return true;
    });
  };
  drop_finished(kKeepFinished);
  // Then log lines, one from the longest each time; then transfers that have ended; then anything.
  while (used > rows) {
    auto longest = std::max_element(blocks.begin(), blocks.end(),
                                    [](const Block& a, const Block& b) { return a.log.size() < b.log.size(); });
    if (longest == blocks.end() || longest->log.empty()) break;
    longest->log.erase(longest->log.begin());
    --used;
  }
  drop_finished(0);
  while (used > rows && !blocks.empty()) {
    auto longest = std::max_element(blocks.begin(), blocks.end(),
                                    [](const Block& a, const Block& b) { return a.below.size() < b.below.size(); });
    if (longest->below.empty()) {
      blocks.pop_back();
    } else {
      longest->below.erase(longest->below.begin());
    }
    --used;
  }
}

std::vector<TtyRenderer::Line> TtyRenderer::lay_out(const Model& model, ScreenSize size, base::Nanos now,
                                                    Part part) const {
  std::vector<Block> blocks;
  for (const auto* vertex : model.started()) blocks.push_back(block(*vertex, size, now, part));
  // The header and the line on which the cursor rests are not for blocks.
  if (part == Part::running) fit(blocks, size.rows > 2 ? size.rows - 2 : 0);
  std::vector<Line> lines{header(model, size, now, part)};
  for (auto& b : blocks) {
    lines.push_back(std::move(b.head));
    std::move(b.below.begin(), b.below.end(), std::back_inserter(lines));
    std::move(b.log.begin(), b.log.end(), std::back_inserter(lines));
  }
  return lines;
}

void TtyRenderer::draw(const std::vector<Line>& lines, ScreenSize size) {
  const auto rows =
      std::accumulate(drawn_.begin(), drawn_.end(), std::size_t{0}, [&](std::size_t sum, std::size_t columns) {
        return sum + (columns == 0 ? 1 : (columns + size.columns - 1) / size.columns);
      });
  std::string out = "\x1b[?25l";
  // Rows that a resize pushed off the top cannot be reached; the screen's top is as far as it goes.
  const auto up = std::min(rows, size.rows > 0 ? size.rows - 1 : 0);
  if (up > 0) out += base::format("\x1b[{}A", up);
  out += '\r';
  drawn_.clear();
  for (const auto& line : lines) {
    out += coloured(line.colour, line.text);
    out += "\x1b[K\n";
    // Trailing blanks do not wrap into further rows on terminals that drop them, but most keep them.
    drawn_.push_back(columns_of(line.text));
  }
  out += "\x1b[J\x1b[?25h";
  writer_(out);
}

}  // namespace progress
