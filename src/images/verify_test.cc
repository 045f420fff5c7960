// SPDX-License-Identifier: Apache-2.0
#include "images/verify.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "images/testing/sample_image.h"
#include "snapshot/stored_records.h"

namespace images {
namespace {

class VerifyTest : public ::testing::Test {
 protected:
  std::string add_layer() {
    auto active = snapshots_.prepare({});
    base::write_file_atomic(active.mounts().upper + "/file", "content");
    snapshots_.commit(active, {.size = 7});
    return active.id();
  }
  std::string blob_path(const base::Digest& digest) { return store_->root() + "/blobs/sha256/" + digest.hex(); }
  StoreReport report() { return verify_store(*store_, images_, snapshots_, {}); }
  /// "damage: …" and "garbage: …", a line each.
  std::string problems() {
    std::string text;
    for (const auto& problem : report().problems) {
      text += (problem.kind == StoreProblem::Kind::damage ? "damage: " : "garbage: ") + problem.text + "\n";
    }
    return text;
  }

  base::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::Store::open(directory_.path() + "/store", {.boot = "boot 1"});
  snapshot::StoredLayerRecords layer_records_{store_->meta()};
  snapshot::Snapshotter snapshots_{
      {.directory = store_->snapshots_dir(), .locks = store_->locks_dir(), .driver = {}, .remove_tree = {}},
      layer_records_};
  ImageStore images_{*store_};
};

TEST_F(VerifyTest, AStoreInUseIsWhole) {
  add_layer();
  store_->content().put("blob");
  const auto found = report();
  EXPECT_EQ(problems(), "");
  EXPECT_TRUE(found.is_whole());
  EXPECT_EQ(found.layers, 1U);
  EXPECT_EQ(found.blobs, 1U);
  EXPECT_EQ(found.blob_bytes, 4U);
}

TEST_F(VerifyTest, ALayerWithoutItsDirectoryIsDamage) {
  const auto layer = add_layer();
  base::remove_tree(store_->snapshots_dir() + "/" + layer + "/fs");
  EXPECT_EQ(problems(), "damage: layer " + layer + " is recorded and its directory is gone\n");
  EXPECT_FALSE(report().is_whole());
}

TEST_F(VerifyTest, AnUnfinishedLayerIsGarbage) {
  add_layer();
  base::make_directories(store_->snapshots_dir() + "/left/fs");
  EXPECT_EQ(problems(), "garbage: 1 unfinished layer directories\n");
  EXPECT_TRUE(report().is_whole());
}

TEST_F(VerifyTest, AKeyOfALostRecordIsGarbage) {
  store_->meta().use().run("INSERT INTO keys VALUES('k', 'nothing')");
  EXPECT_EQ(problems(), "garbage: 1 keys of steps that are not remembered\n");
}

TEST_F(VerifyTest, ABlobWithOtherBytesIsDamage) {
  const auto info = store_->content().put("blob");
  ASSERT_EQ(::chmod(blob_path(info.digest).c_str(), 0644), 0);
  base::write_file_atomic(blob_path(info.digest), "blub");
  EXPECT_EQ(problems(), "damage: blob " + info.digest.str() + " has other bytes than its name says\n");
}

}  // namespace
}  // namespace images
