// SPDX-License-Identifier: Apache-2.0
#include "snapshot/layer_records.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "snapshot/stored_records.h"
#include "snapshot/testing/memory_records.h"
#include "store/store.h"

namespace snapshot {
namespace {

struct Memory {
  testing::MemoryLayerRecords records;
};

struct Stored {
  base::TemporaryDirectory room;
  std::unique_ptr<store::Store> store = store::Store::open(room.path() + "/store");
  StoredLayerRecords records{store->meta()};
};

template <typename Kind>
class LayerRecordsTest : public ::testing::Test {
 protected:
  static LayerBlob blob(const char* text) {
    return {base::sha256(text), 10, base::sha256(std::string(text) + " diff"), 20, "application/x"};
  }
  Kind kind_;
  LayerRecords& records_ = kind_.records;
};

using Kinds = ::testing::Types<Memory, Stored>;
TYPED_TEST_SUITE(LayerRecordsTest, Kinds);

TYPED_TEST(LayerRecordsTest, ALayerIsFoundOnceInserted) {
  EXPECT_FALSE(this->records_.find("a"));
  const LayerInfo info{.diff_id = base::sha256("x"), .size = 5, .created = 9};
  this->records_.insert("a", info);
  EXPECT_EQ(this->records_.find("a"), info);
  EXPECT_EQ(this->records_.list(), std::vector<LayerId>{"a"});
}

TYPED_TEST(LayerRecordsTest, TheFirstInsertWins) {
  this->records_.insert("a", {.size = 1, .created = 1});
  this->records_.insert("a", {.size = 2, .created = 2});
  EXPECT_EQ(this->records_.find("a")->size, 1u);
}

TYPED_TEST(LayerRecordsTest, BlobsBelongToALayerOverItsChain) {
  this->records_.insert("a", {.created = 1});
  this->records_.put_blob({"a", "below", "gzip"}, this->blob("one"));
  EXPECT_EQ(this->records_.find_blob({"a", "below", "gzip"}), this->blob("one"));
  EXPECT_FALSE(this->records_.find_blob({"a", "other", "gzip"}));
  EXPECT_FALSE(this->records_.find_blob({"a", "below", "zstd"}));
  EXPECT_FALSE(this->records_.any_blob("a", "other"));
}

TYPED_TEST(LayerRecordsTest, AnyBlobIsTheNewest) {
  this->records_.insert("a", {.created = 1});
  this->records_.put_blob({"a", "below", "gzip"}, this->blob("one"));
  this->records_.put_blob({"a", "below", "zstd"}, this->blob("two"));
  EXPECT_EQ(this->records_.any_blob("a", "below"), this->blob("two"));
  this->records_.put_blob({"a", "below", "gzip"}, this->blob("three"));
  EXPECT_EQ(this->records_.any_blob("a", "below"), this->blob("three"));
}

TYPED_TEST(LayerRecordsTest, ErasingALayerErasesItsBlobs) {
  this->records_.insert("a", {.created = 1});
  this->records_.put_blob({"a", "below", "gzip"}, this->blob("one"));
  this->records_.erase("a");
  this->records_.erase("a");
  EXPECT_FALSE(this->records_.find("a"));
  EXPECT_FALSE(this->records_.any_blob("a", "below"));
}

}  // namespace
}  // namespace snapshot
