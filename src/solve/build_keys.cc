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
  state.common_contents.assign(inputs.size(), {});
  state.digesting = false;
  name_in_common(v);
  if (!input_transient && !state.map->unique) {
    state.identity = make_key(KeyKind::resolved, state.map->digest, keyed_inputs(v, false));
    if (!vertex(v).ignore_cache && (hit(v, *state.identity, known_keys(v)) || common_hit(v))) return true;
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
  name_in_common(v);
  if (!state.transient && !vertex(v).ignore_cache) {
    if ((!looked_up && hit(v, *state.resolved, known_keys(v))) || common_hit(v)) return true;
  }
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
      state.contents[i] = job.value->own;
      state.common_contents[i] = job.value->common;
      continue;
    }
    job.waiters.emplace_back(v, i);
    if (job.waiters.size() > 1) continue;
    post<ContentName>(
        vertex(v).op->content_digest_pool(), v,
        [op = vertex(v).op, i, result = output_of(inputs[i]),
         common = wants_common(v, i)](const std::stop_token& stop) {
          ContentName content{op->content_digest(i, *result, stop), {}};
          if (common) content.common = op->common_content(i, *result, stop);
          return content;
        },
        [name](Build& build, const ContentName& content, base::Nanos) { build.digested(name, content); });
  }
}

void Build::digested(const DigestName& name, const ContentName& value) {
  DigestJob& job = digests_[name];
  job.value = value;
  for (const auto& [v, input] : std::exchange(job.waiters, {})) {
    State& state = states_[v];
    // A vertex that has been keyed anew meanwhile waits for another digest.
    if (state.keyed_on.size() <= input || state.keyed_on[input] != std::get<0>(name)) continue;
    state.contents[input] = value.own;
    state.common_contents[input] = value.common;
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

bool Build::wants_common(std::size_t v, std::size_t input) const {
  const auto& common = states_[v].map->common;
  return common && services_.storage.is_shared() && common->inputs.at(input).by_content;
}

/// Every name that the step's record may have with other builders: which of an input's names they took is not known.
std::vector<CacheKey> Build::common_keys(std::size_t v) const {
  constexpr std::size_t kMaxKeys = 8;
  const State& state = states_[v];
  std::vector<CacheKey> keys;
  if (!state.map->common || !services_.storage.is_shared()) return keys;
  std::vector<std::vector<KeyedInput>> chosen = {{}};
  const auto& inputs = vertex(v).inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::vector<KeyedInput> names;
    for (const auto& content : state.common_contents[i]) {
      names.push_back({make_key(KeyKind::resolved, content, {}).digest, {}, 0, ""});
    }
    if (inputs[i].output == 0) {
      for (const auto& id : states_[inputs[i].vertex].common_ids) {
        names.push_back({id, {}, 0, state.map->common->inputs[i].selector});
      }
    }
    std::vector<std::vector<KeyedInput>> longer;
    for (const auto& beginning : chosen) {
      for (const auto& name : names) {
        if (longer.size() == kMaxKeys) break;
        longer.push_back(beginning);
        longer.back().push_back(name);
      }
    }
    chosen = std::move(longer);
  }
  for (const auto& record : state.map->common->records) {
    for (const auto& named : chosen) keys.push_back(make_key(KeyKind::resolved, record, named));
  }
  if (keys.size() > kMaxKeys) keys.resize(kMaxKeys);
  return keys;
}

void Build::name_in_common(std::size_t v) {
  State& state = states_[v];
  state.common_ids.clear();
  for (const auto& key : common_keys(v)) state.common_ids.push_back(key.digest);
}

/// Sources are never looked for: what they are is known without a cache, and other builders keep no bytes of them.
bool Build::common_hit(std::size_t v) {
  if (vertex(v).inputs.empty()) return false;
  for (const auto& name : std::vector(states_[v].common_ids)) {
    const auto record = services_.storage.find(CacheKey{name});
    if (!record || !has_results(*record) || !adopt(v, *record)) continue;
    services_.storage.link(record->id, known_keys(v));
    // Which of its names the records above it were made with, the record's own says.
    states_[v].common_ids.insert(states_[v].common_ids.begin(), record->id);
    return true;
  }
  return false;
}

/// Other builders also keep records without what they made, which only say what led where.
bool Build::has_results(const Record& record) const {
  return std::all_of(record.results.begin(), record.results.end(),
                     [&](const std::string& text) { return text.empty() || services_.codec.decode(text) != nullptr; });
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
