// SPDX-License-Identifier: Apache-2.0
// A build's records go out through gather() and come back through ImportingStorage.
#include "cache/imported.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "cache/export.h"
#include "cache/gather.h"
#include "oci/layout.h"
#include "solve/testing/cache_storage_suite.h"
#include "solve/testing/memory_cache_storage.h"
#include "store/store.h"

namespace cache {
namespace {

using solve::CacheKey;
using solve::KeyedInput;
using solve::KeyKind;

base::Digest digest(const std::string& text) { return base::sha256(text); }

/// base ← copy (reads content "files" of a local directory) ← run
class ImportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    graph_.vertices.resize(4);
    graph_.vertices[2].inputs = {{0, 0}, {1, 0}};
    graph_.vertices[3].inputs = {{2, 0}};
    records_.resize(4);
    record(0, "base", base_key_, "[]");
    record(2, "copy", copy_key_,
           R"([{"record":"base"},{"content":")" + digest("files").str() + R"(","selector":"s"}])");
    record(3, "run", run_key_, R"([{"record":"copy"}])");
  }

  void record(std::size_t v, const std::string& op, const CacheKey& key, const std::string& inputs) {
    solve::Record made;
    made.id = key.digest;
    made.key = key;
    made.op = digest(op);
    made.recipe = base::Json::object().set("op", op).set("inputs", base::Json::parse(inputs));
    made.created = 1'700'000'000'000'000'000;
    records_[v] = made;
  }
  static std::vector<ResultLayer> chain(std::size_t length) {
    std::vector<ResultLayer> layers;
    for (std::size_t i = 0; i < length; ++i) {
      ResultLayer layer;
      layer.blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
      layer.blob.digest = digest("blob " + std::to_string(i));
      layer.blob.size = 5;
      layer.diff_id = digest("diff " + std::to_string(i));
      layers.push_back(layer);
    }
    return layers;
  }
  Config gathered(std::size_t first_with_layers = 0) const {
    return gather(graph_, records_, {}, [&](std::size_t v) -> std::optional<std::vector<ResultLayer>> {
      if (v < first_with_layers || v == 1) return std::nullopt;
      return chain(v == 0 ? 1 : v);
    });
  }

  const CacheKey base_key_ = solve::make_key(KeyKind::resolved, digest("base"), {});
  const CacheKey copy_key_ =
      solve::make_key(KeyKind::resolved, digest("copy"),
                      {KeyedInput{base_key_.digest, {}, 0, ""}, KeyedInput{{}, digest("files"), 0, "s"}});
  const CacheKey run_key_ =
      solve::make_key(KeyKind::resolved, digest("run"), {KeyedInput{copy_key_.digest, {}, 0, ""}});
  solve::Graph graph_;
  std::vector<std::optional<solve::Record>> records_;
  solve::testing::MemoryCacheStorage local_;
};

TEST_F(ImportTest, RecordsAreFoundUnderTheKeysOfTheBuildThatMadeThem) {
  ImportingStorage storage(local_);
  storage.add({parse(to_text(gathered())), nullptr, "cache"});
  for (const auto& key : {base_key_, copy_key_, run_key_}) {
    const auto found = storage.find(key);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, key.digest);
  }
  EXPECT_EQ(storage.layers_of(run_key_.digest)->blobs.size(), 3U);
  EXPECT_EQ(storage.find(run_key_)->results, std::vector<std::string>{imported_text(run_key_.digest)});
}

TEST_F(ImportTest, ImportedRecordsCanBeExportedAgain) {
  ImportingStorage storage(local_);
  const Config config = gathered();
  storage.add({config, nullptr, "cache"});
  for (const std::size_t v : {0, 2, 3}) records_[v] = storage.find(records_[v]->key);
  EXPECT_EQ(gathered().records, config.records);
}

TEST_F(ImportTest, ARecordWithoutLayersStillLinks) {
  ImportingStorage storage(local_);
  storage.add({parse(to_text(gathered(3))), nullptr, "cache"});
  EXPECT_TRUE(storage.find(copy_key_));
  EXPECT_FALSE(storage.layers_of(copy_key_.digest));
  EXPECT_TRUE(storage.layers_of(run_key_.digest));
}

TEST_F(ImportTest, WhatReadsAnUnrecordedInputIsLeftOut) {
  records_[0].reset();
  const auto config = gathered();
  EXPECT_TRUE(config.records.empty()) << to_text(config);
}

TEST_F(ImportTest, TheStoresOwnRecordComesFirst) {
  solve::Record own = *records_[3];
  own.results = {"[\"mine\"]"};
  local_.save(own, {run_key_});
  ImportingStorage storage(local_);
  storage.add({gathered(), nullptr, "cache"});
  EXPECT_EQ(storage.find(run_key_)->results, own.results);
}

TEST_F(ImportTest, AFetchedRecordIsTheStoresOwnUnderEveryKeyThatAsked) {
  ImportingStorage storage(local_);
  storage.add({gathered(), nullptr, "cache"});
  const CacheKey other{digest("another way")};
  storage.link(run_key_.digest, {other});
  EXPECT_TRUE(storage.find(run_key_));
  EXPECT_TRUE(storage.find(copy_key_));
  EXPECT_EQ(storage.find(other)->id, run_key_.digest);
  EXPECT_FALSE(local_.find(run_key_));
  storage.fetched(run_key_.digest, {"a", "b", "c"});
  storage.keep_hits();
  EXPECT_EQ(local_.find(run_key_)->results, std::vector<std::string>{R"(["a","b","c"])"});
  EXPECT_EQ(local_.find(copy_key_)->results, std::vector<std::string>{R"(["a","b"])"}) << "a part of what was fetched";
  EXPECT_FALSE(local_.find(base_key_)) << "nobody asked for it";
  EXPECT_TRUE(local_.find(other));
}

TEST_F(ImportTest, TheFirstImportWithTheBytesWins) {
  ImportingStorage storage(local_);
  storage.add({gathered(4), nullptr, "without"});
  storage.add({gathered(), nullptr, "first"});
  storage.add({gathered(), nullptr, "second"});
  EXPECT_EQ(storage.layers_of(run_key_.digest)->name, "first");
}

TEST_F(ImportTest, TravelsThroughADirectoryInBothShapes) {
  base::TemporaryDirectory directory;
  const auto store = store::Store::open(directory.path() + "/store");
  const auto part = [](const std::string&, const std::function<void()>& work) { work(); };
  for (const bool image_manifest : {true, false}) {
    Config config = gathered();
    for (auto& layer : config.layers) {
      const auto info = store->content().put("bytes of " + layer.blob.digest.str());
      layer.blob.digest = info.digest;
      layer.blob.size = info.size;
    }
    ExportSpec spec;
    spec.type = Type::local;
    spec.dest = directory.path() + (image_manifest ? "/manifest" : "/index");
    spec.image_manifest = image_manifest;
    write_directory(assemble(config, spec), spec, store->content(), {}, part, {});
    auto source = std::make_shared<oci::Layout>(spec.dest);
    const auto root = source->resolve("latest", {});
    const auto imported = import_cache(source, root, "x", {});
    ASSERT_EQ(imported.config.layers.size(), config.layers.size());
    EXPECT_EQ(imported.config.records, config.records);
    EXPECT_EQ(imported.config.layers.back().diff_id, config.layers.back().diff_id);
  }
}

TEST_F(ImportTest, AnInlineCacheNamesTheImagesOwnLayers) {
  const auto config = gathered();
  std::vector<base::Digest> diff_ids;
  for (const auto& layer : chain(3)) diff_ids.push_back(layer.diff_id);
  const auto json = base::Json::parse(inline_text(config, diff_ids));
  EXPECT_TRUE(json["layers"].is_null());
  const auto& run = json["records"].items().back();
  EXPECT_EQ(run["chains"].items()[0]["layers"].dump(), "[0,1,2]");
  // Another image's layers: nothing to use, the links stay.
  const auto other = base::Json::parse(inline_text(config, {digest("x"), digest("y"), digest("z")}));
  EXPECT_TRUE(other["records"].items().back()["chains"].is_null());
}

/// The storage itself behaves as every other does.
class OverMemory final : public solve::CacheStorage {
 public:
  std::optional<solve::Record> get(const base::Digest& id) override { return storage_.get(id); }
  std::optional<solve::Record> find(const CacheKey& key) override { return storage_.find(key); }
  void save(const solve::Record& record, const std::vector<CacheKey>& keys) override { storage_.save(record, keys); }
  void link(const base::Digest& id, const std::vector<CacheKey>& keys) override { storage_.link(id, keys); }
  void remove(const base::Digest& id) override { storage_.remove(id); }
  std::optional<solve::Record> latest_of_op(const base::Digest& op) override { return storage_.latest_of_op(op); }
  std::optional<solve::Record> latest_of_step(std::string_view s) override { return storage_.latest_of_step(s); }
  std::optional<solve::Record> latest_of_place(std::string_view p) override { return storage_.latest_of_place(p); }

 private:
  solve::testing::MemoryCacheStorage memory_;
  ImportingStorage storage_{memory_};
};

}  // namespace
}  // namespace cache

namespace solve::testing {
INSTANTIATE_TEST_SUITE_P(Importing, CacheStorageSuite,
                         ::testing::Values(StorageFactory([] { return std::make_unique<cache::OverMemory>(); })));
}  // namespace solve::testing
