// SPDX-License-Identifier: Apache-2.0
#include "cli/build_events.h"

#include "base/time.h"

namespace cli {

void BuildEvents::announce(const llb::Graph& graph) {
  for (const auto& vertex : graph.vertices) {
    progress::Vertex shown;
    shown.digest = vertex.digest;
    shown.name = vertex.name();
    for (const auto input : vertex.inputs) shown.inputs.push_back(graph.vertices[input].digest);
    if (const auto& group = vertex.metadata.progress_group) {
      shown.group = progress::ProgressGroup{group->id, group->name, group->weak};
    }
    {
      const std::lock_guard lock(mutex_);
      if (!known_.emplace(vertex.digest, Known{shown, vertex.sources, {}, {}, "", {}}).second) continue;
      order_.push_back(vertex.digest);
      // A download, say, has no line of its own: it is told with that of the step that wants it.
      for (const auto& input : shown.inputs) {
        auto& lines = known_[input].wanted_by;
        if (lines.empty()) lines = vertex.sources;
      }
    }
    sink_.event(shown);
  }
}

std::optional<base::SourceRange> BuildEvents::source_of(const base::Digest& vertex) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(vertex);
  if (found == known_.end()) return std::nullopt;
  const auto& lines = found->second.sources.empty() ? found->second.wanted_by : found->second.sources;
  return lines.empty() ? std::nullopt : std::optional(lines.front());
}

progress::Vertex BuildEvents::change(const base::Digest& vertex, const auto& edit) {
  const std::lock_guard lock(mutex_);
  progress::Vertex& shown = known_[vertex].shown;
  shown.digest = vertex;
  edit(shown);
  return shown;
}

void BuildEvents::explain_with(const ops::Explainer& explainer, BuildHistory& history) {
  explainer_ = &explainer;
  history_ = &history;
}

ops::Explanation BuildEvents::explain(const solve::Vertex& vertex, const solve::Decision& decision) {
  std::vector<ops::ExplainedInput> inputs;
  int line = 0;
  std::shared_ptr<const std::string> text;
  {
    const std::lock_guard lock(mutex_);
    const Known& known = known_[vertex.digest];
    for (const auto& digest : known.shown.inputs) {
      const Known& input = known_[digest];
      inputs.push_back({input.shown.name, input.outcome == solve::Outcome::ran});
    }
    if (!known.sources.empty() && !known.sources.front().spans.empty()) {
      line = known.sources.front().spans.front().start.line;
      text = known.sources.front().data;
    }
  }
  return explainer_->explain(vertex, decision, inputs, line, text ? std::string_view(*text) : "");
}

void BuildEvents::decided(const solve::Vertex& vertex, const solve::Decision& decision) {
  if (!explainer_ || decision.reason == solve::RunReason::unique) return;
  ops::Explanation why = explain(vertex, decision);
  // Nothing is left of what prune took, but a past build remembers the step.
  const bool evicted = why.reason == solve::RunReason::never_built && history_->was_pruned(vertex.step);
  if (evicted) why.reason = solve::RunReason::evicted;
  const std::lock_guard lock(mutex_);
  Known& known = known_[vertex.digest];
  known.shown.note = why.note();
  known.step = vertex.step;
  known.why = std::move(why);
}

std::vector<PastStep> BuildEvents::past_steps() const {
  const std::lock_guard lock(mutex_);
  std::vector<PastStep> steps;
  for (const auto& digest : order_) {
    const Known& known = known_.at(digest);
    PastStep step;
    step.name = known.shown.name;
    if (!known.sources.empty() && !known.sources.front().spans.empty()) {
      step.file = known.sources.front().filename;
      step.line = known.sources.front().spans.front().start.line;
    }
    step.outcome = !known.shown.error.empty() ? (progress::is_cancellation(known.shown.error) ? "cancelled" : "failed")
                   : !known.outcome           ? "not reached"
                   : *known.outcome == solve::Outcome::ran ? "ran"
                                                           : "cached";
    step.error = known.shown.error;
    step.vertex = digest.str();
    if (logs_ && step.outcome == "failed") step.log = logs_->path(digest);
    if (known.shown.started && known.shown.completed) step.took = *known.shown.completed - *known.shown.started;
    step.step = known.step;
    step.why = known.why;
    steps.push_back(std::move(step));
  }
  return steps;
}

void BuildEvents::started(const solve::Vertex& vertex, base::Nanos at) {
  sink_.event(change(vertex.digest, [&](auto& shown) {
    shown.started = at;
    shown.completed.reset();
  }));
}

void BuildEvents::made(const solve::Vertex&, const std::vector<solve::ResultPtr>& results) {
  if (take_results_) take_results_(results);
}

void BuildEvents::completed(const solve::Vertex& vertex, base::Nanos at, solve::Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    known_[vertex.digest].outcome = outcome;
  }
  if (logs_) logs_->ended_well(vertex.digest);
  sink_.event(change(vertex.digest, [&](auto& shown) {
    if (!shown.started) shown.started = at;
    shown.completed = at;
    shown.cached = outcome != solve::Outcome::ran;
  }));
}

void BuildEvents::failed(const solve::Vertex& vertex, base::Nanos at, const base::Error& error) {
  sink_.event(change(vertex.digest, [&](auto& shown) {
    if (!shown.started) shown.started = at;
    shown.completed = at;
    shown.error = error.text();
  }));
}

void BuildEvents::cancelled(const solve::Vertex& vertex, base::Nanos at) {
  if (logs_) logs_->ended_well(vertex.digest);  // it says nothing of why the build failed
  sink_.event(change(vertex.digest, [&](auto& shown) {
    if (!shown.started) return;
    shown.completed = at;
    shown.error = std::string(progress::kCancelledError);
  }));
}

void BuildEvents::log(const base::Digest& vertex, int stream, std::string_view bytes) {
  if (logs_) logs_->write(vertex, bytes);
  sink_.event(progress::VertexLog{vertex, stream, std::string(bytes), base::system_clock().now()});
}

void BuildEvents::progress(const base::Digest& vertex, std::string_view id, std::uint64_t current,
                           std::uint64_t total) {
  progress::VertexStatus status;
  {
    const std::lock_guard lock(mutex_);
    auto& known = transfers_[{vertex, std::string(id)}];
    if (!known.started) {
      known.id = std::string(id);
      known.name = "transferring";
      known.vertex = vertex;
      known.started = base::system_clock().now();
    }
    known.current = static_cast<std::int64_t>(current);
    known.total = static_cast<std::int64_t>(total);
    known.timestamp = base::system_clock().now();
    status = known;
  }
  sink_.event(status);
}

void BuildEvents::progress_done(const base::Digest& vertex, std::string_view id) {
  progress::VertexStatus status;
  {
    const std::lock_guard lock(mutex_);
    const auto found = transfers_.find({vertex, std::string(id)});
    if (found == transfers_.end()) return;
    status = found->second;
    transfers_.erase(found);
  }
  status.timestamp = base::system_clock().now();
  status.completed = status.timestamp;
  if (status.total > 0) status.current = status.total;
  sink_.event(status);
}

void BuildEvents::warn(const base::Digest& vertex, std::string_view text) {
  progress::VertexWarning warning;
  warning.vertex = vertex;
  warning.short_text = std::string(text);
  sink_.event(warning);
}

void BuildEvents::warn_source(const dockerfile::Warning& warning) {
  progress::VertexWarning shown;
  shown.vertex = base::Digest::parse(warning.vertex).value_or(base::Digest());
  shown.level = warning.level;
  shown.short_text = warning.message;
  shown.detail = warning.detail;
  shown.url = warning.url;
  if (warning.source) shown.source = base::SourceRange{warning.source->filename, warning.source->data, warning.ranges};
  sink_.event(shown);
}

}  // namespace cli
