// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache storage in memory: for tests, and as the reference of what a storage does.
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sync.h"
#include "solve/cache_storage.h"

namespace solve::testing {

class MemoryCacheStorage final : public CacheStorage {
 public:
  std::optional<Record> get(const base::Digest& id) override;
  std::optional<Record> find(const CacheKey& key) override;
  void save(const Record& record, const std::vector<CacheKey>& keys) override;
  void link(const base::Digest& id, const std::vector<CacheKey>& keys) override;
  void remove(const base::Digest& id) override;
  std::optional<Record> latest_of_op(const base::Digest& op) override;
  std::optional<Record> latest_of_step(std::string_view step) override;
  std::optional<Record> latest_of_place(std::string_view place) override;

  bool is_shared() const override { return shared_; }
  void share() { shared_ = true; }

  /// How many records there are.
  std::size_t size();
  /// How many calls changed something so far.
  std::size_t writes();

 private:
  bool shared_ = false;
  struct Stored {
    Record record;
    std::uint64_t sequence = 0;
  };
  struct Tables {
    std::map<base::Digest, Stored> records;
    std::map<CacheKey, base::Digest> keys;
    std::uint64_t sequence = 0;
    std::size_t writes = 0;
  };
  template <typename Matches>
  std::optional<Record> latest(Matches matches);

  base::Sync<Tables> tables_;
};

}  // namespace solve::testing
