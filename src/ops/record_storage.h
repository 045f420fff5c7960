// SPDX-License-Identifier: Apache-2.0
#pragma once
// The engine's records and locks, kept in the store: shared by all processes, safe to lose.
#include <set>
#include <string>

#include "base/sync.h"
#include "solve/cache_storage.h"
#include "solve/locks.h"
#include "store/store.h"

namespace ops {

class RecordStorage final : public solve::CacheStorage {
 public:
  explicit RecordStorage(store::Store& store) : database_(store.meta()) {}

  std::optional<solve::Record> get(const base::Digest& id) override;
  std::optional<solve::Record> find(const solve::CacheKey& key) override;
  void save(const solve::Record& record, const std::vector<solve::CacheKey>& keys) override;
  void link(const base::Digest& id, const std::vector<solve::CacheKey>& keys) override;
  void remove(const base::Digest& id) override;
  std::optional<solve::Record> latest_of_op(const base::Digest& op) override;
  std::optional<solve::Record> latest_of_step(std::string_view step) override;
  std::optional<solve::Record> latest_of_place(std::string_view place) override;

  /// Writes down that the records that were found until now are in use (images/evict.h asks for that).
  void note_uses(base::Nanos now);

 private:
  store::Database& database_;
  base::Sync<std::set<std::string>> used_;
};

/// Locks of the store, waited for on worker threads.
class StoreLocks final : public solve::Locks {
 public:
  explicit StoreLocks(store::Store& store) : store_(store) {}
  std::unique_ptr<solve::Lock> try_lock(const std::string& name) override;
  std::unique_ptr<solve::Lock> lock(const std::string& name, std::stop_token stop) override;

 private:
  store::Store& store_;
};

}  // namespace ops
