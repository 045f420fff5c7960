// SPDX-License-Identifier: Apache-2.0
#include "solve/testing/memory_cache_storage.h"

namespace solve::testing {

std::optional<Record> MemoryCacheStorage::get(const base::Digest& id) {
  return latest([&](const Record& record) { return record.id == id; });
}

std::optional<Record> MemoryCacheStorage::find(const CacheKey& key) {
  auto tables = tables_.lock();
  const auto entry = tables->keys.find(key);
  if (entry == tables->keys.end()) return std::nullopt;
  return tables->records.at(entry->second).record;
}

void MemoryCacheStorage::save(const Record& record, const std::vector<CacheKey>& keys) {
  auto tables = tables_.lock();
  ++tables->writes;
  tables->records[record.id] = {record, ++tables->sequence};
  for (const CacheKey& key : keys) tables->keys[key] = record.id;
}

void MemoryCacheStorage::link(const base::Digest& id, const std::vector<CacheKey>& keys) {
  auto tables = tables_.lock();
  if (!tables->records.contains(id)) return;
  if (!keys.empty()) ++tables->writes;
  for (const CacheKey& key : keys) tables->keys[key] = id;
}

void MemoryCacheStorage::remove(const base::Digest& id) {
  auto tables = tables_.lock();
  ++tables->writes;
  tables->records.erase(id);
  std::erase_if(tables->keys, [&](const auto& entry) { return entry.second == id; });
}

std::optional<Record> MemoryCacheStorage::latest_of_op(const base::Digest& op) {
  return latest([&](const Record& record) { return record.op == op; });
}

std::optional<Record> MemoryCacheStorage::latest_of_step(std::string_view step) {
  if (step.empty()) return std::nullopt;
  return latest([&](const Record& record) { return record.step == step; });
}

std::optional<Record> MemoryCacheStorage::latest_of_place(std::string_view place) {
  if (place.empty()) return std::nullopt;
  return latest([&](const Record& record) { return record.place == place; });
}

std::size_t MemoryCacheStorage::size() { return tables_.lock()->records.size(); }

std::size_t MemoryCacheStorage::writes() { return tables_.lock()->writes; }

template <typename Matches>
std::optional<Record> MemoryCacheStorage::latest(Matches matches) {
  auto tables = tables_.lock();
  const Stored* best = nullptr;
  for (const auto& [id, stored] : tables->records) {
    if (!matches(stored.record)) continue;
    if (!best || std::pair(stored.record.created, stored.sequence) > std::pair(best->record.created, best->sequence)) {
      best = &stored;
    }
  }
  if (!best) return std::nullopt;
  return best->record;
}

}  // namespace solve::testing
