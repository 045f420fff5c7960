// SPDX-License-Identifier: Apache-2.0
#include "progress/model.h"

#include <algorithm>

#include "base/format.h"

namespace progress {
namespace {

constexpr std::size_t kTailLines = 200;
constexpr std::size_t kTailBytes = 64 * 1024;

FailedStep describe(const VertexState& vertex, std::size_t lines) {
  FailedStep step{.name = vertex.name, .log_tail = {}};
  const auto& tail = vertex.log_tail();
  const auto skip = tail.size() > lines ? tail.size() - lines : 0;
  step.log_tail.assign(tail.begin() + static_cast<std::ptrdiff_t>(skip), tail.end());
  return step;
}

}  // namespace

std::vector<Interval> merge_intervals(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.start < b.start; });
  std::vector<Interval> merged;
  for (const auto& next : intervals) {
    if (merged.empty() || (merged.back().stop && *merged.back().stop < next.start)) {
      merged.push_back(next);
    } else if (merged.back().stop) {
      merged.back().stop = next.stop ? std::optional(std::max(*merged.back().stop, *next.stop)) : std::nullopt;
    }
  }
  return merged;
}

std::string log_time(base::Nanos since_start) {
  const double seconds = static_cast<double>(since_start) / static_cast<double>(base::kSecond);
  if (seconds < 10) return base::format("{:.3f}", seconds);
  if (seconds < 100) return base::format("{:.2f}", seconds);
  return base::format("{:.1f}", seconds);
}

base::Nanos VertexState::elapsed(base::Nanos now) const {
  base::Nanos sum = 0;
  for (const auto& interval : intervals_) {
    sum += std::max<base::Nanos>(0, interval.stop.value_or(now) - interval.start);
  }
  return sum;
}

std::vector<std::string> VertexState::screen(std::size_t lines) const {
  std::vector<std::string> out;
  if (lines == 0) return out;
  const auto partial = lines_.partial();
  const std::size_t wanted = partial.empty() ? lines : lines - 1;
  const auto skip = tail_.size() > wanted ? tail_.size() - wanted : 0;
  for (std::size_t i = skip; i < tail_.size(); ++i) out.push_back(tail_[i].substr(tail_[i].find(' ') + 1));
  if (!partial.empty()) out.push_back(partial);
  return out;
}

Change Model::apply(const Event& event) {
  return std::visit(
      [this](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Vertex>) return apply_vertex(value);
        if constexpr (std::is_same_v<T, VertexStatus>) return apply_status(value);
        if constexpr (std::is_same_v<T, VertexLog>) return apply_log(value);
        if constexpr (std::is_same_v<T, VertexWarning>) return apply_warning(value);
      },
      event);
}

VertexState& Model::state_of(const Vertex& vertex) {
  if (const auto known = by_digest_.find(vertex.digest); known != by_digest_.end()) return *known->second;
  VertexState* state = nullptr;
  if (vertex.group) {
    VertexState*& group = groups_[vertex.group->id];
    if (group == nullptr) {
      group = all_.emplace_back(std::make_unique<VertexState>()).get();
      group->id = vertex.group->id;
      group->name = safe_text(vertex.group->name);
      group->hidden = true;
    }
    state = group;
  } else {
    state = all_.emplace_back(std::make_unique<VertexState>()).get();
    state->id = vertex.digest.str();
  }
  by_digest_[vertex.digest] = state;
  return *state;
}

void Model::update_group(VertexState& state) const {
  state.cached = true;
  state.error.clear();
  for (const auto& [digest, member] : state.members_) {
    if (!member.cached) state.cached = false;
    if (state.error.empty()) state.error = member.error;
    if (!member.error.empty() || (member.started && !member.group->weak)) state.hidden = false;
  }
}

Change Model::apply_vertex(const Vertex& vertex) {
  VertexState& state = state_of(vertex);
  const bool grouped = !state.members_.empty() || vertex.group.has_value();
  // A record without times may come again for a step that is under way (another use of it): it says nothing new.
  if (!grouped && state.started() && !vertex.started) return {.vertex = &state};
  if (vertex.started) {
    if (!start_time_) start_time_ = vertex.started;
    state.seen_[*vertex.started] = {*vertex.started, vertex.completed};
    std::vector<Interval> intervals;
    for (const auto& [start, interval] : state.seen_) intervals.push_back(interval);
    state.intervals_ = merge_intervals(std::move(intervals));
  }
  if (grouped) {
    Vertex& member = state.members_[vertex.digest];
    const auto group = vertex.group ? vertex.group : member.group;
    member = vertex;
    member.group = group;
    update_group(state);
  } else {
    state.name = safe_text(vertex.name);
    state.cached = vertex.cached;
    state.error = vertex.error;
    state.note = safe_text(vertex.note);
  }
  if (state.started() && !state.hidden && !state.listed_) {
    state.listed_ = true;
    started_.push_back(&state);
  }
  Change change{.vertex = &state, .record = state.listed_};
  if (state.completed()) {
    if (auto line = flush_line(state)) change.lines.push_back(std::move(*line));
  }
  return change;
}

Change Model::apply_status(const VertexStatus& status) {
  const auto found = by_digest_.find(status.vertex);
  if (found == by_digest_.end()) return {};
  VertexState& state = *found->second;
  const auto id = safe_text(status.id);
  auto known = std::find_if(state.statuses.begin(), state.statuses.end(),
                            [&](const VertexStatus& other) { return other.id == id; });
  if (known == state.statuses.end()) known = state.statuses.insert(known, VertexStatus{});
  *known = status;
  known->id = id;
  return {.vertex = &state, .status = id};
}

void Model::keep_line(VertexState& vertex, const LogLine& line) const {
  vertex.tail_bytes_ += line.size();
  vertex.tail_.push_back(line);
  while (vertex.tail_.size() > kTailLines || (vertex.tail_bytes_ > kTailBytes && vertex.tail_.size() > 1)) {
    vertex.tail_bytes_ -= vertex.tail_.front().size();
    vertex.tail_.pop_front();
  }
}

Change Model::apply_log(const VertexLog& log) {
  const auto found = by_digest_.find(log.vertex);
  if (found == by_digest_.end()) return {};
  VertexState& state = *found->second;
  Change change{.vertex = &state};
  const auto now = state.started() ? log.timestamp - state.intervals_.back().start : 0;
  if (!state.lines_.has_partial()) state.line_time_ = now;
  state.log_bytes_ += log.data.size();
  for (auto& text : state.lines_.add(log.data)) {
    change.lines.push_back(log_time(state.line_time_) + " " + text);
    keep_line(state, change.lines.back());
    state.line_time_ = now;
  }
  return change;
}

Change Model::apply_warning(const VertexWarning& warning) {
  warnings_.push_back(warning);
  const auto found = by_digest_.find(warning.vertex);
  if (found == by_digest_.end()) return {};
  found->second->warnings.push_back(warning);
  return {.vertex = found->second, .record = found->second->started()};
}

std::optional<LogLine> Model::flush_line(VertexState& vertex) {
  if (!vertex.lines_.has_partial()) return std::nullopt;
  auto line = log_time(vertex.line_time_) + " " + vertex.lines_.flush();
  keep_line(vertex, line);
  return line;
}

const VertexState* Model::find(const base::Digest& digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : found->second;
}

std::size_t Model::total() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const auto& vertex) { return !vertex->hidden; }));
}

std::size_t Model::completed() const {
  return static_cast<std::size_t>(
      std::count_if(started_.begin(), started_.end(), [](const auto* vertex) { return vertex->completed(); }));
}

std::vector<FailedStep> Model::failed_steps(std::size_t lines) const {
  std::vector<FailedStep> steps;
  for (const auto* vertex : started_) {
    if (vertex->failed()) steps.push_back(describe(*vertex, lines));
  }
  return steps;
}

std::optional<FailedStep> Model::failed_step(const std::string& digest, std::size_t lines) const {
  const VertexState* chosen = nullptr;
  if (const auto parsed = base::Digest::parse(digest)) {
    const auto* named = find(*parsed);
    if (named != nullptr && named->failed()) chosen = named;
  }
  for (const auto* vertex : started_) {
    if (chosen == nullptr && vertex->failed()) chosen = vertex;
  }
  if (chosen == nullptr) return std::nullopt;
  return describe(*chosen, lines);
}

}  // namespace progress
