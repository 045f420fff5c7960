// SPDX-License-Identifier: Apache-2.0
#include "solve/build.h"

#include <algorithm>
#include <utility>

#include "solve/build_post.h"

namespace solve {

Build::Build(const Services& services, const Graph& graph, std::vector<Edge> targets, const std::stop_token& stop)
    : services_(services),
      graph_(graph),
      targets_(std::move(targets)),
      inbox_(std::make_shared<Inbox>()),
      states_(graph.vertices.size()),
      queued_(graph.vertices.size(), 0) {
  validate(graph_, targets_);
  inbox_->push([](Build& build) { build.find_needed(); });
  on_stop_.emplace(stop, [inbox = inbox_] { inbox->push([](Build& build) { build.cancel(); }); });
}

Build::~Build() { stop_.request_stop(); }

bool Build::step() {
  for (;;) {
    auto messages = inbox_->take();
    if (messages.empty() && worklist_.empty()) break;
    for (auto& message : messages) message(*this);
    run_worklist();
  }
  SLIP_CHECK(outstanding_ > 0 || over());
  if (outstanding_ > 0) return false;
  if (!stopping_) report_covered();
  return true;
}

std::vector<ResultPtr> Build::finish() {
  if (failure_) throw *failure_;
  if (cancelled_) throw base::Cancelled();
  std::vector<ResultPtr> results;
  for (const Edge& edge : targets_) results.push_back(output_of(edge));
  return results;
}

void Build::find_needed() {
  std::vector<char> needed(states_.size(), 0);
  for (const Edge& target : targets_) needed[target.vertex] = 1;
  for (std::size_t v = states_.size(); v-- > 0;) {
    if (!needed[v]) continue;
    for (const Edge& input : vertex(v).inputs) needed[input.vertex] = 1;
  }
  for (std::size_t v = 0; v < states_.size(); ++v) {
    if (!needed[v]) continue;
    for (const Edge& input : vertex(v).inputs) {
      auto& users = states_[input.vertex].users;
      if (users.empty() || users.back() != v) users.push_back(v);
    }
    ask_map(v);
  }
  for (const Edge& target : targets_) demand(target.vertex, Demand::result);
}

void Build::run_worklist() {
  while (!worklist_.empty()) {
    const std::size_t v = worklist_.front();
    worklist_.pop_front();
    queued_[v] = 0;
    if (over()) continue;
    try {
      advance(v);
    } catch (const base::Error& error) {
      fail(v, error);
    }
  }
}

void Build::wake(std::size_t v) {
  if (std::exchange(queued_[v], 1) == 0) worklist_.push_back(v);
}

void Build::wake_users(std::size_t v) {
  for (const std::size_t user : states_[v].users) wake(user);
}

void Build::demand(std::size_t v, Demand what) {
  if (states_[v].demand >= what) return;
  states_[v].demand = what;
  wake(v);
}

void Build::advance(std::size_t v) {
  for (bool moved = true; moved;) {
    State& state = states_[v];
    moved = false;
    switch (state.phase) {
      case Phase::mapping: moved = define(v); break;
      case Phase::idle:
        if (state.demand != Demand::none) moved = look_up_definition(v);
        break;
      case Phase::inputs: moved = key_by_identity(v); break;
      case Phase::digests: moved = key_by_content(v); break;
      case Phase::claim: moved = claim(v); break;
      case Phase::sharing: moved = follow_claim(v); break;
      case Phase::loading: moved = take_inputs(v); break;
      case Phase::recorded:
        if (state.demand == Demand::result && !load(v, *state.record)) {
          state.phase = Phase::inputs;
          moved = true;
        }
        break;
      case Phase::unneeded:
      case Phase::locking:
      case Phase::running:
      case Phase::done: break;
    }
  }
}

bool Build::satisfied() const {
  return std::all_of(targets_.begin(), targets_.end(),
                     [this](const Edge& target) { return states_[target.vertex].phase == Phase::done; });
}

void Build::stop_everything() {
  stopping_ = true;
  stop_.request_stop();
}

void Build::cancel() {
  if (over()) return;
  cancelled_ = true;
  stop_everything();
}

void Build::report_cancelled(std::size_t v) {
  State& state = states_[v];
  if (!state.started || std::exchange(state.reported, true)) return;
  services_.observer.cancelled(vertex(v), services_.clock.now());
}

void Build::fail(std::size_t v, base::Error error) {
  if (error.vertex().empty()) error.set_vertex(vertex(v).digest.str());
  State& state = states_[v];
  if (!std::exchange(state.reported, true)) {
    const base::Nanos now = services_.clock.now();
    report_start(v, now);
    services_.observer.failed(vertex(v), now, error);
  }
  if (over()) return;
  failure_ = std::move(error);
  stop_everything();
}

void Build::report_start(std::size_t v, base::Nanos at) {
  if (!std::exchange(states_[v].started, true)) services_.observer.started(vertex(v), at);
}

void Build::report_end(std::size_t v, base::Nanos at, Outcome outcome) {
  states_[v].reported = true;
  services_.observer.completed(vertex(v), at, outcome);
}

void Build::report_covered() {
  if (std::exchange(covered_reported_, true)) return;
  const base::Nanos now = services_.clock.now();
  for (std::size_t v = 0; v < states_.size(); ++v) {
    if (states_[v].phase != Phase::unneeded && !states_[v].reported) report_end(v, now, Outcome::covered);
  }
}

ResultPtr Build::output_of(const Edge& edge) const {
  const auto& results = *states_[edge.vertex].results;
  const auto index = static_cast<std::size_t>(edge.output);
  if (index < results.size() && results[index]) return results[index];
  base::Error error(base::Code::invalid_argument,
                    base::format("{} has no output number {}", vertex(edge.vertex).name, edge.output));
  error.set_vertex(vertex(edge.vertex).digest.str());
  throw error;
}

std::vector<std::optional<Record>> Build::records() {
  std::vector<std::optional<Record>> records(states_.size());
  for (std::size_t v = 0; v < states_.size(); ++v) records[v] = known_record(v, records);
  return records;
}

std::optional<Record> Build::known_record(std::size_t v, const std::vector<std::optional<Record>>& below) {
  const State& state = states_[v];
  if (state.record) return state.transient ? std::nullopt : state.record;
  if (!state.map || state.map->unique) return std::nullopt;
  if (state.definition) {
    if (auto record = services_.storage.find(*state.definition)) return record;
  }
  std::vector<KeyedInput> inputs;
  for (std::size_t i = 0; i < vertex(v).inputs.size(); ++i) {
    const Edge& edge = vertex(v).inputs[i];
    if (!below[edge.vertex]) return std::nullopt;
    inputs.push_back({below[edge.vertex]->id, {}, edge.output, state.map->inputs[i].selector});
  }
  return services_.storage.find(make_key(KeyKind::resolved, state.map->digest, inputs));
}

std::vector<std::vector<ResultPtr>> Build::vertex_results() const {
  std::vector<std::vector<ResultPtr>> results(states_.size());
  for (std::size_t v = 0; v < states_.size(); ++v) {
    if (states_[v].results) results[v] = *states_[v].results;
  }
  return results;
}

std::vector<base::Json> Build::facts(const std::vector<std::optional<Record>>& records) const {
  std::vector<base::Json> facts(states_.size());
  for (std::size_t v = 0; v < states_.size(); ++v) {
    // A record that means nothing to other builds is none of `records`.
    const auto& record = states_[v].record ? states_[v].record : records[v];
    if (record) facts[v] = record->facts;
  }
  return facts;
}

std::vector<std::optional<CommonKey>> Build::common() const {
  std::vector<std::optional<CommonKey>> common(states_.size());
  for (std::size_t v = 0; v < states_.size(); ++v) {
    if (states_[v].map) common[v] = states_[v].map->common;
  }
  return common;
}

Engine::Outcome Engine::build_with_records(const Graph& graph, const std::vector<Edge>& targets, std::stop_token stop) {
  Build build(services_, graph, targets, stop);
  while (!build.step()) build.wait();
  Outcome outcome;
  outcome.results = build.finish();
  outcome.records = build.records();
  outcome.vertex_results = build.vertex_results();
  outcome.common = build.common();
  outcome.facts = build.facts(outcome.records);
  return outcome;
}

std::vector<ResultPtr> Engine::build(const Graph& graph, const std::vector<Edge>& targets, std::stop_token stop) {
  Build build(services_, graph, targets, stop);
  while (!build.step()) build.wait();
  return build.finish();
}

}  // namespace solve
