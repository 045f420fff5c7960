// SPDX-License-Identifier: Apache-2.0
// The part of a build that finds records: map, definition key, identity key, content key.
#include <algorithm>
#include <utility>

#include "base/format.h"
#include "base/random.h"
#include "solve/build.h"
#include "solve/build_post.h"

namespace solve {

void Build::ask_map(std::size_t v) {
  states_[v].phase = Phase::mapping;
  post<CacheMap>(
      vertex(v).op->cache_map_pool(), v,
      [op = vertex(v).op](const std::stop_token& stop) { return op->cache_map(stop); },
      [v](Build& build, CacheMap map, base::Nanos) { build.mapped(v, std::move(map)); });
}

void Build::mapped(std::size_t v, CacheMap map) {
  if (map.digest.empty()) {
    return fail(v, base::Error(base::Code::internal, base::format("{} gave no key", vertex(v).name)));
  }
  map.inputs.resize(vertex(v).inputs.size());
  states_[v].map = std::move(map);
  wake(v);
}

bool Build::define(std::size_t v) {
  State& state = states_[v];
  if (!state.map) return false;
  const auto& inputs = vertex(v).inputs;
  if (!std::all_of(inputs.begin(), inputs.end(), [this](const Edge& e) { return states_[e.vertex].defined; })) {
    return false;
  }
  state.below_forced = vertex(v).ignore_cache;
  bool known = !state.map->unique;
  std::vector<KeyedInput> keyed;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const State& input = states_[inputs[i].vertex];
    state.below_forced = state.below_forced || input.below_forced;
    known = known && input.definition;
    if (known) keyed.push_back({input.definition->digest, {}, inputs[i].output, state.map->inputs[i].selector});
  }
  if (known) state.definition = make_key(KeyKind::definition, state.map->digest, keyed);
  state.defined = true;
  state.phase = Phase::idle;
  wake_users(v);
  return true;
}

bool Build::look_up_definition(std::size_t v) {
  State& state = states_[v];
  if (state.definition && !state.below_forced && hit(v, *state.definition, {})) return true;
  state.phase = Phase::inputs;
  return true;
}

bool Build::key_by_identity(std::size_t v) {
  State& state = states_[v];
  bool ready = true;
  for (const Edge& input : vertex(v).inputs) {
    demand(input.vertex, Demand::record);
    ready = ready && states_[input.vertex].record;
  }
  if (!ready) return false;
  state.keyed_on.clear();
  state.transient = state.map->unique;
  bool input_transient = false;
  const auto& inputs = vertex(v).inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const State& input = states_[inputs[i].vertex];
    state.keyed_on.push_back(input.record->id);
    input_transient = input_transient || input.transient;
    state.transient = state.transient || (input.transient && !state.map->inputs[i].by_content);
  }
  state.identity.reset();
  state.resolved.reset();
  state.contents.assign(inputs.size(), std::nullopt);
  state.digesting = false;
  if (!input_transient && !state.map->unique) {
    state.identity = make_key(KeyKind::resolved, state.map->digest, keyed_inputs(v, false));
    if (!vertex(v).ignore_cache && hit(v, *state.identity, known_keys(v))) return true;
  }
  state.phase = Phase::digests;
  return true;
}

bool Build::key_by_content(std::size_t v) {
  State& state = states_[v];
  const auto& inputs = vertex(v).inputs;
  bool ready = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!state.map->inputs[i].by_content) continue;
    demand(inputs[i].vertex, Demand::result);
    ready = ready && states_[inputs[i].vertex].results;
  }
  if (!ready) return false;
  if (inputs_changed(v)) {
    state.phase = Phase::inputs;
    return true;
  }
  if (!std::exchange(state.digesting, true)) ask_digests(v);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (state.map->inputs[i].by_content && !state.contents[i]) return false;
  }
  state.resolved = make_key(KeyKind::resolved, state.map->digest, keyed_inputs(v, true));
  const bool looked_up = state.resolved == state.identity;
  if (!looked_up && !state.transient && !vertex(v).ignore_cache && hit(v, *state.resolved, known_keys(v))) return true;
  state.phase = Phase::claim;
  return true;
}

bool Build::inputs_changed(std::size_t v) const {
  const auto& inputs = vertex(v).inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (states_[inputs[i].vertex].record->id != states_[v].keyed_on[i]) return true;
  }
  return false;
}

void Build::ask_digests(std::size_t v) {
  State& state = states_[v];
  const auto& inputs = vertex(v).inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!state.map->inputs[i].by_content) continue;
    DigestName name{state.keyed_on[i], inputs[i].output, state.map->inputs[i].selector};
    DigestJob& job = digests_[name];
    if (job.value) {
      state.contents[i] = job.value;
      continue;
    }
    job.waiters.emplace_back(v, i);
    if (job.waiters.size() > 1) continue;
    post<base::Digest>(
        vertex(v).op->content_digest_pool(), v,
        [op = vertex(v).op, i, result = output_of(inputs[i])](const std::stop_token& stop) {
          return op->content_digest(i, *result, stop);
        },
        [name](Build& build, const base::Digest& digest, base::Nanos) { build.digested(name, digest); });
  }
}

void Build::digested(const DigestName& name, const base::Digest& value) {
  DigestJob& job = digests_[name];
  job.value = value;
  for (const auto& [v, input] : std::exchange(job.waiters, {})) {
    State& state = states_[v];
    // A vertex that has been keyed anew meanwhile waits for another digest.
    if (state.keyed_on.size() <= input || state.keyed_on[input] != std::get<0>(name)) continue;
    state.contents[input] = value;
    wake(v);
  }
}

bool Build::hit(std::size_t v, const CacheKey& key, std::vector<CacheKey> aliases) {
  auto record = services_.storage.find(key);
  if (!record || !adopt(v, *record)) return false;
  std::erase(aliases, key);
  if (!aliases.empty()) services_.storage.link(record->id, aliases);
  return true;
}

bool Build::adopt(std::size_t v, const Record& record) {
  State& state = states_[v];
  if (state.demand == Demand::result) {
    if (!load(v, record)) return false;
  } else {
    if (state.gone == record) return false;
    state.record = record;
    state.phase = Phase::recorded;
  }
  const base::Nanos now = services_.clock.now();
  report_start(v, now);
  report_end(v, now, Outcome::cached);
  release_claim(v);
  wake_users(v);
  return true;
}

bool Build::load(std::size_t v, const Record& record) {
  State& state = states_[v];
  std::vector<ResultPtr> results;
  for (const std::string& text : record.results) {
    results.push_back(text.empty() ? nullptr : services_.codec.decode(text));
    if (!text.empty() && !results.back()) {
      state.gone = record;
      return false;
    }
  }
  state.record = record;
  state.results = std::move(results);
  state.phase = Phase::done;
  wake_users(v);
  return true;
}

std::vector<KeyedInput> Build::keyed_inputs(std::size_t v, bool by_content) const {
  const State& state = states_[v];
  const auto& inputs = vertex(v).inputs;
  std::vector<KeyedInput> keyed(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    keyed[i] = {state.keyed_on[i], {}, inputs[i].output, state.map->inputs[i].selector};
    if (by_content && state.map->inputs[i].by_content) keyed[i].content = *state.contents[i];
  }
  return keyed;
}

std::vector<CacheKey> Build::known_keys(std::size_t v) const {
  const State& state = states_[v];
  std::vector<CacheKey> keys;
  for (const auto* key : {&state.resolved, &state.identity, &state.definition}) {
    if (*key && std::find(keys.begin(), keys.end(), **key) == keys.end()) keys.push_back(**key);
  }
  return keys;
}

}  // namespace solve
