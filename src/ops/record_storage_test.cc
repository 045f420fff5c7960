// SPDX-License-Identifier: Apache-2.0
#include "ops/record_storage.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "solve/testing/cache_storage_suite.h"

namespace solve::testing {
namespace {

/// A store of its own for every storage the suite asks for.
class StoredRecords final : public CacheStorage {
 public:
  std::optional<Record> get(const base::Digest& id) override { return storage_.get(id); }
  std::optional<Record> find(const CacheKey& key) override { return storage_.find(key); }
  void save(const Record& record, const std::vector<CacheKey>& keys) override { storage_.save(record, keys); }
  void link(const base::Digest& id, const std::vector<CacheKey>& keys) override { storage_.link(id, keys); }
  void remove(const base::Digest& id) override { storage_.remove(id); }
  std::optional<Record> latest_of_op(const base::Digest& op) override { return storage_.latest_of_op(op); }
  std::optional<Record> latest_of_step(std::string_view step) override { return storage_.latest_of_step(step); }
  std::optional<Record> latest_of_place(std::string_view place) override { return storage_.latest_of_place(place); }

 private:
  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store");
  ops::RecordStorage storage_{*store_};
};

INSTANTIATE_TEST_SUITE_P(Store, CacheStorageSuite,
                         ::testing::Values(StorageFactory([] { return std::make_unique<StoredRecords>(); })));

}  // namespace
}  // namespace solve::testing
