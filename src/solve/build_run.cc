// SPDX-License-Identifier: Apache-2.0
// The part of a build that runs what no key found: once per key, under its locks, and records it.
#include <algorithm>
#include <utility>

#include "base/random.h"
#include "base/strings.h"
#include "solve/build.h"
#include "solve/build_post.h"

namespace solve {

bool Build::claim(std::size_t v) {
  State& state = states_[v];
  const auto [entry, mine] = claims_.try_emplace(*state.resolved, v);
  const std::size_t owner = entry->second;
  state.phase = Phase::loading;
  if (mine || owner == v) return true;
  if (owner > v && states_[owner].phase == Phase::loading) {
    // The owner may be waiting for v itself (inputs stand before their users), so the earlier vertex
    // runs and the later one shares.
    entry->second = v;
    states_[owner].phase = Phase::sharing;
    state.users.push_back(owner);
    return true;
  }
  state.phase = Phase::sharing;
  states_[owner].users.push_back(v);
  return true;
}

bool Build::follow_claim(std::size_t v) {
  State& state = states_[v];
  const auto entry = claims_.find(*state.resolved);
  if (entry == claims_.end() || entry->second == v) {
    state.phase = Phase::inputs;  // the owner found a record after all, or was keyed anew
    return true;
  }
  const State& owner = states_[entry->second];
  if (owner.phase != Phase::done) return false;
  state.record = owner.record;
  state.results = owner.results;
  state.transient = owner.transient;
  state.phase = Phase::done;
  if (!state.transient && !state.map->unique) services_.storage.link(state.record->id, known_keys(v));
  const base::Nanos now = services_.clock.now();
  report_start(v, now);
  report_end(v, now, Outcome::cached);
  wake_users(v);
  return false;
}

void Build::release_claim(std::size_t v) {
  if (!states_[v].resolved) return;
  const auto entry = claims_.find(*states_[v].resolved);
  if (entry != claims_.end() && entry->second == v) claims_.erase(entry);
}

bool Build::take_inputs(std::size_t v) {
  State& state = states_[v];
  const auto& inputs = vertex(v).inputs;
  bool ready = true;
  for (const Edge& input : inputs) {
    demand(input.vertex, Demand::result);
    ready = ready && states_[input.vertex].results;
  }
  if (!ready) return false;
  if (inputs_changed(v)) {
    release_claim(v);
    wake_users(v);
    state.phase = Phase::inputs;
    return true;
  }
  for (const Edge& input : inputs) output_of(input);
  state.phase = Phase::locking;
  take_locks(v);
  return false;
}

void Build::take_locks(std::size_t v) {
  const State& state = states_[v];
  auto names = vertex(v).op->locks();
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  // The order in which every process takes them: cache mounts by name, then the step.
  if (!vertex(v).ignore_cache && !state.transient) names.push_back("step-" + state.resolved->digest.hex());

  auto held = std::make_shared<HeldLocks>();
  for (const std::string& name : names) {
    auto lock = services_.locks.try_lock(name);
    if (!lock) break;
    held->push_back(std::move(lock));
  }
  if (held->size() == names.size()) {
    states_[v].held = std::move(held);
    return locked(v);
  }
  held->clear();
  post<std::shared_ptr<HeldLocks>>(
      Pool::wait, v,
      [names, held, &locks = services_.locks](const std::stop_token& stop) {
        for (const std::string& name : names) held->push_back(locks.lock(name, stop));
        return held;
      },
      [v](Build& build, std::shared_ptr<HeldLocks> taken, base::Nanos) {
        build.states_[v].held = std::move(taken);
        build.locked(v);
      });
}

void Build::locked(std::size_t v) {
  State& state = states_[v];
  if (!vertex(v).ignore_cache && !state.transient) {
    const auto keys = known_keys(v);
    if (hit(v, *state.resolved, keys) || (state.identity && hit(v, *state.identity, keys))) {
      state.held.reset();
      return;
    }
  }
  start_run(v);
}

void Build::start_run(std::size_t v) {
  State& state = states_[v];
  Decision decision = decide(v);
  services_.observer.decided(vertex(v), decision);
  state.previous = std::move(decision.previous);
  state.phase = Phase::running;
  state.started = false;
  state.reported = false;
  std::vector<ResultPtr> inputs;
  for (const Edge& input : vertex(v).inputs) inputs.push_back(output_of(input));
  post<std::vector<ResultPtr>>(
      vertex(v).op->pool(), v,
      [op = vertex(v).op, inputs = std::move(inputs), inbox = inbox_, v,
       &clock = services_.clock](const std::stop_token& stop) {
        inbox->push([v, at = clock.now()](Build& build) {
          build.states_[v].began = at;
          build.report_start(v, at);
        });
        return op->run(inputs, stop);
      },
      [v](Build& build, std::vector<ResultPtr> results, base::Nanos at) { build.ran(v, std::move(results), at); });
}

void Build::ran(std::size_t v, std::vector<ResultPtr> results, base::Nanos at) {
  auto earlier = comparable(v);
  if (!earlier) return record_run(v, std::move(results), at, false);
  post<bool>(
      Pool::disk, v,
      [op = vertex(v).op, results, earlier = std::move(*earlier)](const std::stop_token& stop) {
        return op->same_outcome(results, earlier, stop);
      },
      [v, results, at](Build& build, bool same, base::Nanos) { build.record_run(v, results, at, same); });
}

std::optional<std::vector<ResultPtr>> Build::comparable(std::size_t v) const {
  const State& state = states_[v];
  if (!state.previous || state.transient || state.map->unique || !vertex(v).op->compares_outcome()) return std::nullopt;
  const auto& before = state.previous->recipe["inputs"].items();
  if (before.size() != state.keyed_on.size()) return std::nullopt;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!state.map->inputs[i].by_content && before[i]["record"].string_or("") != state.keyed_on[i].str()) {
      return std::nullopt;
    }
  }
  std::vector<ResultPtr> results;
  for (const auto& text : state.previous->results) {
    results.push_back(text.empty() ? nullptr : services_.codec.decode(text));
    if (!results.back()) return std::nullopt;
  }
  return results;
}

void Build::record_run(std::size_t v, std::vector<ResultPtr> results, base::Nanos at, bool same) {
  State& state = states_[v];
  state.record = make_record(v, results, same);
  state.record->took = std::max<base::Nanos>(0, at - state.began);
  if (!state.transient && !state.map->unique) services_.storage.save(*state.record, known_keys(v));
  state.results = std::move(results);
  state.phase = Phase::done;
  state.held.reset();
  services_.observer.made(vertex(v), *state.results);
  report_end(v, at, Outcome::ran);
  wake_users(v);
}

Decision Build::decide(std::size_t v) {
  const State& state = states_[v];
  Decision decision;
  decision.recipe = key_recipe(state.map->recipe, keyed_inputs(v, true));
  decision.previous = nearest_record(v);
  if (state.map->unique) {
    decision.reason = RunReason::unique;
  } else if (vertex(v).ignore_cache) {
    decision.reason = RunReason::forced;
  } else if (state.gone) {
    decision.reason = RunReason::evicted;
    decision.previous = state.gone;
  } else if (decision.previous) {
    decision.reason = decision.previous->op == state.map->digest ? RunReason::input_changed : RunReason::key_changed;
  }
  return decision;
}

std::optional<Record> Build::nearest_record(std::size_t v) const {
  CacheStorage& storage = services_.storage;
  if (auto record = storage.latest_of_step(vertex(v).step)) return record;
  if (auto record = storage.latest_of_place(vertex(v).place)) return record;
  return storage.latest_of_op(states_[v].map->digest);
}

Record Build::make_record(std::size_t v, const std::vector<ResultPtr>& results, bool same) {
  State& state = states_[v];
  const bool recorded = !state.transient;
  Record record;
  record.key = *state.resolved;
  record.id = record.key.digest;
  record.facts = vertex(v).op->facts();
  if (same) {
    record.id = state.previous->id;
  } else if (auto outcome = vertex(v).op->result_digest(results)) {
    record.id = *outcome;
    state.transient = false;
  } else if (recorded && vertex(v).op->deterministic()) {
    // Whether forced or not, it can only have made the same again.
  } else if (vertex(v).ignore_cache || !recorded) {
    // An id of its own: consumers keyed on it rerun.
    record.id = KeyHasher("slipway record 1").add(record.id).add(base::random_id()).finish();
  } else if (state.gone && state.gone->key == record.key) {
    record.id = state.gone->id;
  }
  if (!recorded) return record;
  record.op = state.map->digest;
  record.step = vertex(v).step;
  record.place = vertex(v).place;
  record.name = vertex(v).name;
  record.source = vertex(v).source;
  record.recipe = key_recipe(state.map->recipe, keyed_inputs(v, true));
  for (const ResultPtr& result : results) record.results.push_back(result ? services_.codec.encode(*result) : "");
  record.created = services_.clock.now();
  record.forced = vertex(v).ignore_cache;
  const bool named = std::any_of(state.common_contents.begin(), state.common_contents.end(),
                                 [](const auto& names) { return !names.empty(); });
  for (const auto& names : state.common_contents) {
    if (!named) break;
    std::vector<std::string> texts;
    for (const auto& name : names) texts.push_back(name.str());
    record.common.push_back(base::join(texts, " "));
  }
  return record;
}

}  // namespace solve
