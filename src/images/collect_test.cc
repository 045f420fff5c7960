// SPDX-License-Identifier: Apache-2.0
#include "images/collect.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "images/testing/sample_image.h"
#include "snapshot/stored_records.h"

namespace images {
namespace {

class CollectTest : public ::testing::Test {
 protected:
  /// A committed layer with one file.
  std::string add_layer() {
    auto active = snapshots_.prepare({});
    base::write_file_atomic(active.mounts().upper + "/file", "content");
    snapshots_.commit(active, {.size = 7});
    return active.id();
  }
  void add_record(const std::string& id, const std::string& body) {
    auto session = store_->meta().use();
    session.prepare("INSERT INTO records VALUES(?, 'op', 'step', '', ?, 1, 1)").bind(1, id).bind(2, body).run();
    session.prepare("INSERT INTO keys VALUES(?, ?)").bind(1, "key of " + id).bind(2, id).run();
  }
  /// As the engine writes results: texts with a list of layer ids inside.
  static std::string body_with(const std::vector<std::string>& layers) {
    auto results = base::Json::array();
    results.push(base::Json::strings(layers).dump());
    return base::Json::object().set("recipe", "r").set("results", results).dump();
  }
  void name_image(const oci::Descriptor& root) {
    Image image;
    image.name = "docker.io/library/app:latest";
    image.root = root;
    images_.put(image);
  }
  bool has_blob(std::string_view text) { return store_->content().find(base::sha256(text)).has_value(); }
  std::string directory_of(const std::string& layer) { return store_->snapshots_dir() + "/" + layer; }
  void make_file(const std::string& path, time_t mtime) {
    base::make_directories(base_directory(path));
    base::write_file_atomic(path, "12345");
    const timespec times[] = {{mtime, 0}, {mtime, 0}};
    ::utimensat(-100, path.c_str(), times, 0);
  }
  static std::string base_directory(const std::string& path) { return path.substr(0, path.rfind('/')); }

  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store", {.boot = "boot 1"});
  snapshot::StoredLayerRecords layer_records_{store_->meta()};
  snapshot::Snapshotter snapshots_{
      {.directory = store_->snapshots_dir(), .locks = store_->locks_dir(), .driver = {}, .remove_tree = {}},
      layer_records_};
  ImageStore images_{*store_};
};

TEST_F(CollectTest, DiskUsageTellsImagesFromCache) {
  name_image(testing::put_image(store_->content(), {"layer of an image"}));
  const auto before = disk_usage(*store_, images_, snapshots_);
  EXPECT_EQ(before.cache_bytes, 0U);
  EXPECT_GT(before.image_bytes, 17U);
  store_->content().put("cached blob");
  add_layer();
  add_record("r", "{}");
  make_file(store_->root() + "/ingest/tmp-x", 1'000'000);
  const auto after = disk_usage(*store_, images_, snapshots_);
  EXPECT_EQ(after.image_bytes, before.image_bytes);
  EXPECT_EQ(after.cache_bytes, 11U);
  EXPECT_EQ(after.layers, 1U);
  EXPECT_EQ(after.layer_bytes, 7U);
  EXPECT_EQ(after.records, 1U);
  EXPECT_EQ(after.ingest_bytes, 5U);
}

TEST_F(CollectTest, PruneAllLeavesImagesAndNothingElse) {
  name_image(testing::put_image(store_->content(), {"layer of an image"}));
  const auto layer = add_layer();
  add_record("r", body_with({layer}));
  store_->content().put("cached blob");
  base::make_directories(store_->root() + "/cache-mounts/x");
  base::make_directories(store_->root() + "/git/y");
  const auto pruned = prune_all(*store_, images_, snapshots_);
  EXPECT_EQ(pruned.records, 1U);
  EXPECT_EQ(pruned.layers, 1U);
  EXPECT_EQ(pruned.layer_bytes, 7U);
  EXPECT_EQ(pruned.blobs, 1U);
  EXPECT_EQ(pruned.blob_bytes, 11U);
  EXPECT_TRUE(has_blob("layer of an image"));
  EXPECT_FALSE(base::exists(directory_of(layer)));
  for (const char* gone : {"/cache-mounts", "/git"}) EXPECT_FALSE(base::exists(store_->root() + gone));
  EXPECT_EQ(disk_usage(*store_, images_, snapshots_).records, 0U);
  EXPECT_NO_THROW(images_.details(images_.list()[0]));
}

TEST_F(CollectTest, PruneAllUsesTheGivenRemoverForTreesOfOtherOwners) {
  base::make_directories(store_->root() + "/cache-mounts/x");
  std::vector<std::string> removed;
  PruneOptions options;
  options.remove_tree = [&](const std::string& path) { removed.push_back(path); };
  prune_all(*store_, images_, snapshots_, options);
  EXPECT_EQ(removed, std::vector<std::string>{store_->root() + "/cache-mounts"});
}

TEST_F(CollectTest, PruneUnusedKeepsWhatRecordsNeed) {
  const auto used = add_layer();
  const auto unused = add_layer();
  add_record("r", body_with({used}));
  const auto blob = store_->content().put("tar of the used layer");
  layer_records_.put_blob({used, "below", "gzip"}, {blob.digest, blob.size, blob.digest, 5, "m"});
  const auto gone = store_->content().put("tar of the unused layer");
  layer_records_.put_blob({unused, "below", "gzip"}, {gone.digest, gone.size, gone.digest, 5, "m"});
  name_image(testing::put_image(store_->content(), {"layer of an image"}));
  const auto pruned = prune_unused(*store_, images_, snapshots_);
  EXPECT_EQ(pruned.layers, 1U);
  EXPECT_EQ(pruned.blobs, 1U);
  EXPECT_TRUE(snapshots_.has(used));
  EXPECT_FALSE(snapshots_.has(unused));
  EXPECT_TRUE(has_blob("tar of the used layer"));
  EXPECT_FALSE(has_blob("tar of the unused layer"));
  EXPECT_TRUE(has_blob("layer of an image"));
  EXPECT_EQ(prune_unused(*store_, images_, snapshots_).layers, 0U);
}

TEST_F(CollectTest, LayersOfPulledImagesAreFoundInRecordsByTheirIds) {
  const auto id = snapshot::layer_id_of(base::sha256("diff"));
  auto active = snapshots_.prepare({});
  snapshots_.commit_as(active, id, {.size = 1});
  add_record("r", body_with({id, "other-layer-that-is-gone"}));
  prune_unused(*store_, images_, snapshots_);
  EXPECT_TRUE(snapshots_.has(id));
}

TEST_F(CollectTest, PartOfAnIdInARecordKeepsNothing) {
  const auto layer = add_layer();
  add_record("r", body_with({layer + "x", layer.substr(1)}));
  prune_unused(*store_, images_, snapshots_);
  EXPECT_FALSE(snapshots_.has(layer));
}

TEST_F(CollectTest, PrunedStoreIsSafeFromACrashOfTheMachine) {
  const auto used = add_layer();
  add_layer();  // what nobody refers to
  add_record("r", body_with({used}));
  store_->save();
  prune_unused(*store_, images_, snapshots_);
  auto after = store::Store::open(store_->root(), {.boot = "boot 2"});
  snapshot::StoredLayerRecords records(after->meta());
  EXPECT_EQ(records.list(), std::vector<std::string>{used});
}

TEST_F(CollectTest, PrunedRecordsDoNotComeBackAfterACrashOfTheMachine) {
  add_record("r", body_with({add_layer()}));
  store_->save();
  prune_all(*store_, images_, snapshots_);
  auto after = store::Store::open(store_->root(), {.boot = "boot 2"});
  auto session = after->meta().use();
  EXPECT_FALSE(session.prepare("SELECT 1 FROM records").step());
  EXPECT_FALSE(session.prepare("SELECT 1 FROM layers").step());
}

TEST_F(CollectTest, ImageWithDamagedDocumentsIsNotPrunedAway) {
  const auto root = testing::put_image(store_->content(), {"layer"});
  const auto broken = testing::put_index(store_->content(), {root});
  auto deep = broken;
  for (int i = 0; i < 10; ++i) deep = testing::put_index(store_->content(), {deep});
  name_image(deep);
  EXPECT_NO_THROW(prune_all(*store_, images_, snapshots_));
  EXPECT_TRUE(store_->content().find(deep.digest));
}

TEST_F(CollectTest, LeftoversGoAndYoungDownloadsStay) {
  const std::string young = store_->root() + "/ingest/" + std::string(40, 'a');
  const std::string old = store_->root() + "/ingest/" + std::string(40, 'b');
  make_file(young, ::time(nullptr) - 60);
  make_file(old, 1'000'000);
  make_file(store_->root() + "/ingest/put-x", ::time(nullptr) - 60);
  make_file(store_->root() + "/meta.saved.new", 1'000'000);
  make_file(store_->locks_dir() + "/" + std::string(40, 'c'), 1'000'000);
  const auto held = store_->lock("held", {});
  EXPECT_EQ(prune_unused(*store_, images_, snapshots_).leftovers, 4U);
  EXPECT_TRUE(base::exists(young));
  EXPECT_FALSE(base::exists(old));
  EXPECT_FALSE(store_->try_lock("held")) << "a held lock's file must stay";
  prune_all(*store_, images_, snapshots_);
  EXPECT_FALSE(base::exists(young));
}

}  // namespace
}  // namespace images
