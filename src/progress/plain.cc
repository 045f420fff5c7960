// SPDX-License-Identifier: Apache-2.0
#include "progress/plain.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/format.h"
#include "progress/text_width.h"
#include "progress/units.h"

namespace progress {
namespace {

constexpr double kStatusStep = 0.05;  // share of the total that is worth a line
constexpr base::Nanos kStatusWait = 5 * base::kSecond;
constexpr std::size_t kShortName = 72;

}  // namespace

PlainRenderer::PlainRenderer(Writer writer, PlainOptions options)
    : writer_(std::move(writer)), options_(std::move(options)) {}

void PlainRenderer::changed(const Event& /*event*/, const Change& change) {
  if (change.vertex == nullptr) return;
  Pending& pending = pending_[change.vertex];
  if (change.record) pending.record = true;
  if (change.status) pending.statuses.insert(*change.status);
  for (const auto& line : change.lines) {
    pending.lines.push_back(line);
    pending.bytes += line.size();
  }
}

void PlainRenderer::flush_stale_line(Model& model, VertexState& vertex, Pending& pending, base::Nanos now) const {
  if (!vertex.partial_line().has_partial()) return;
  if (pending.partial_bytes != vertex.log_bytes()) {
    pending.partial_bytes = vertex.log_bytes();
    pending.partial_since = now;
  } else if (now - pending.partial_since >= kPartialWait) {
    if (auto line = model.flush_line(vertex)) pending.lines.push_back(std::move(*line));
  }
}

void PlainRenderer::refresh(Model& model, base::Nanos now) {
  std::vector<const VertexState*> ended;
  for (auto* vertex : model.started()) {
    Pending& pending = pending_[vertex];
    flush_stale_line(model, *vertex, pending, now);
    if (!pending.anything()) {
      pending.waiting_since.reset();
    } else if (vertex->completed()) {
      ended.push_back(vertex);
    } else if (!pending.waiting_since) {
      pending.waiting_since = now;
    }
  }
  // The current one first, so that its text is not torn; the others as they ended.
  std::stable_sort(ended.begin(), ended.end(), [this](const VertexState* a, const VertexState* b) {
    if ((a == current_) != (b == current_)) return a == current_;
    return a->completed_at() < b->completed_at();
  });
  for (const auto* vertex : ended) print(*vertex);
  if (current_ != nullptr && pending_[current_].anything()) print(*current_);
  if (const auto* next = next_running(model, now)) print(*next);
  if (!out_.empty()) writer_(std::exchange(out_, {}));
}

VertexState* PlainRenderer::next_running(Model& model, base::Nanos now) {
  VertexState* longest = nullptr;
  for (auto* vertex : model.started()) {
    const Pending& pending = pending_[vertex];
    if (vertex == current_ || !vertex->running() || !pending.anything()) continue;
    const bool free = current_ == nullptr || current_->completed();
    const bool must = free || pending.bytes > kBacklog || now - *pending.waiting_since >= kPatience;
    if (!must) continue;
    if (longest == nullptr || *pending.waiting_since < *pending_[longest].waiting_since) longest = vertex;
  }
  return longest;
}

void PlainRenderer::print_header(const VertexState& vertex, Pending& pending) {
  if (current_ == &vertex) return;
  const bool first = next_index_ == 0;
  if (pending.index == 0) pending.index = ++next_index_;
  if (current_ != nullptr) out_ += base::format("#{} ...\n", pending_[current_].index);
  if (!first) {
    out_ += '\n';
  } else if (!options_.description.empty()) {
    out_ += base::format("#0 {}\n\n", safe_text(options_.description));
  }
  const bool cut = options_.shorten_names && vertex.name.size() > kShortName;
  out_ +=
      base::format("#{} {}{}\n", pending.index, cut ? cut_to(vertex.name, kShortName) : vertex.name, cut ? "..." : "");
}

bool PlainRenderer::status_is_news(const VertexState& vertex, const VertexStatus& status) {
  const auto key = std::pair(&vertex, status.id);
  const auto last = last_.find(key);
  if (last != last_.end() && !status.completed) {
    const auto moved = static_cast<double>(status.current - last->second.current);
    const bool far = status.total > 0 && moved >= kStatusStep * static_cast<double>(status.total);
    if (!far && status.timestamp - last->second.timestamp < kStatusWait) return false;
  }
  last_[key] = {status.current, status.timestamp};
  return true;
}

bool PlainRenderer::print_statuses(const VertexState& vertex, Pending& pending) {
  bool open = false;
  for (const auto& status : vertex.statuses) {
    if (!pending.statuses.contains(status.id)) continue;
    if (!status_is_news(vertex, status)) continue;
    std::string time;
    if (status.started) {
      const auto seconds = to_seconds(status.completed.value_or(status.timestamp) - *status.started);
      if (seconds > 0.01) time = base::format(" {:.1f}s", seconds);
    }
    out_ += base::format("#{} {}{}{}{}\n", pending.index, status.id, transfer_text(status), time,
                         status.completed ? " done" : "");
    if (!status.completed) open = true;
  }
  pending.statuses.clear();
  return open;
}

void PlainRenderer::print(const VertexState& vertex) {
  Pending& pending = pending_[&vertex];
  print_header(vertex, pending);
  current_ = &vertex;
  if (!vertex.note.empty() && !std::exchange(pending.note_printed, true)) {
    out_ += base::format("#{} ← {}\n", pending.index, vertex.note);
  }
  const bool open = print_statuses(vertex, pending);
  for (; pending.warnings_printed < vertex.warnings.size(); ++pending.warnings_printed) {
    out_ +=
        base::format("#{} WARN: {}\n", pending.index, safe_text(vertex.warnings[pending.warnings_printed].short_text));
  }
  for (const auto& line : pending.lines) out_ += base::format("#{} {}\n", pending.index, line);
  pending.lines.clear();
  pending.bytes = 0;
  pending.record = false;
  pending.waiting_since.reset();
  if (vertex.completed() && !open) {
    print_end(vertex, pending);
    current_ = nullptr;
  }
}

void PlainRenderer::print_end(const VertexState& vertex, const Pending& pending) {
  if (vertex.cancelled()) {
    out_ += base::format("#{} CANCELED\n", pending.index);
  } else if (!vertex.error.empty()) {
    out_ += base::format("#{} ERROR: {}\n", pending.index, safe_paragraph(vertex.error));
  } else if (vertex.cached) {
    out_ += base::format("#{} CACHED\n", pending.index);
  } else {
    out_ += base::format("#{} DONE {:.1f}s\n", pending.index, to_seconds(vertex.elapsed(vertex.completed_at())));
  }
}

void PlainRenderer::finish(Model& model, base::Nanos now) {
  for (auto* vertex : model.started()) {
    if (auto line = model.flush_line(*vertex)) pending_[vertex].lines.push_back(std::move(*line));
  }
  refresh(model, now);
  if (current_ != nullptr && current_->completed()) print(*current_);  // a status of it was left open
  // Whatever still waits belongs to steps that never ended: say it rather than lose it.
  for (const auto* vertex : model.started()) {
    if (vertex != current_ && pending_[vertex].anything()) print(*vertex);
  }
  for (const auto& step : model.failed_steps(kFailureLines)) out_ += failed_step_block(step);
  if (!out_.empty()) writer_(std::exchange(out_, {}));
}

std::string transfer_text(const VertexStatus& status) {
  if (status.total > 0) return base::format(" {} / {}", bytes_text(status.current), bytes_text(status.total));
  return status.current > 0 ? base::format(" {}", bytes_text(status.current)) : "";
}

}  // namespace progress
