// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshotter.h"

#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/file.h"
#include "snapshot/testing/memory_records.h"

namespace snapshot {
namespace {

class SnapshotterTest : public ::testing::Test {
 protected:
  Snapshotter open() {
    return Snapshotter({.directory = snapshots(), .locks = locks(), .driver = {}, .remove_tree = {}}, records_);
  }
  std::string snapshots() const { return room_.path() + "/snapshots"; }
  std::string locks() const { return room_.path() + "/locks"; }
  std::vector<std::string> on_disk() const { return base::list_directory(snapshots()); }

  base::TemporaryDirectory room_;
  testing::MemoryLayerRecords records_;
};

TEST_F(SnapshotterTest, ActiveSnapshotsAreInvisibleUntilCommit) {
  auto snapshots = open();
  auto active = snapshots.prepare({});
  const auto id = active.id();
  EXPECT_FALSE(snapshots.has(id));
  EXPECT_THROW(snapshots.layer_directory(id), base::Error);
  snapshots.commit(active, {.size = 7});
  EXPECT_TRUE(snapshots.has(id));
  EXPECT_EQ(snapshots.info(id)->size, 7u);
  EXPECT_EQ(base::list_directory(snapshots.layer_directory(id) + "/.."), std::vector<std::string>{"fs"});
}

TEST_F(SnapshotterTest, LayersAreSpreadOverTheDiskWhereTheFileSystemCan) {
  open().prepare({});
  struct statfs info{};
  ASSERT_EQ(::statfs(snapshots().c_str(), &info), 0);
  if (info.f_type != EXT4_SUPER_MAGIC) GTEST_SKIP() << "the temporary directory is not on ext4";
  int flags = 0;
  ASSERT_EQ(::ioctl(base::open_directory(snapshots()).get(), FS_IOC_GETFLAGS, &flags), 0);
  EXPECT_NE(flags & FS_TOPDIR_FL, 0);
}

TEST_F(SnapshotterTest, DroppedSnapshotsLeaveNothing) {
  auto snapshots = open();
  {
    auto active = snapshots.prepare({});
  }
  auto other = snapshots.prepare({});
  snapshots.discard(other);
  EXPECT_TRUE(on_disk().empty());
}

TEST_F(SnapshotterTest, CollectRemovesWhatDeadProcessesLeftAndNothingElse) {
  auto snapshots = open();
  auto done = snapshots.prepare({});
  snapshots.commit(done, {});
  auto busy = snapshots.prepare({});
  base::make_directories(this->snapshots() + "/dead/fs/inner");
  base::make_directories(this->snapshots() + "/.trash-abc/fs");
  auto other = open();
  EXPECT_EQ(other.collect(), 2u);
  EXPECT_TRUE(other.has(done.id()));
  EXPECT_TRUE(base::exists(busy.mounts().upper));
  EXPECT_EQ(on_disk().size(), 2u);
}

TEST_F(SnapshotterTest, TheFirstPrepareCollects) {
  base::make_directories(snapshots() + "/dead/fs");
  auto snapshots = open();
  EXPECT_EQ(on_disk().size(), 1u);
  auto active = snapshots.prepare({});
  EXPECT_EQ(on_disk(), std::vector<std::string>{active.id()});
}

TEST_F(SnapshotterTest, TheSecondMakerOfALayerUsesTheFirstOnes) {
  auto snapshots = open();
  auto first = snapshots.prepare({});
  auto second = snapshots.prepare({});
  base::write_file_atomic(first.mounts().upper + "/who", "first");
  base::write_file_atomic(second.mounts().upper + "/who", "second");
  snapshots.commit_as(first, "sha256-aa", {});
  snapshots.commit_as(second, "sha256-aa", {});
  EXPECT_EQ(second.id(), "sha256-aa");
  EXPECT_EQ(base::read_file(snapshots.layer_directory("sha256-aa") + "/who"), "first");
  EXPECT_EQ(on_disk(), std::vector<std::string>{"sha256-aa"});
}

TEST_F(SnapshotterTest, ADirectoryWithoutARecordIsReplaced) {
  base::make_directories(snapshots() + "/sha256-aa/fs/half");
  auto snapshots = open();
  EXPECT_FALSE(snapshots.has("sha256-aa"));
  auto active = snapshots.prepare({});
  base::make_directories(this->snapshots() + "/sha256-aa/fs/half");
  snapshots.commit_as(active, "sha256-aa", {});
  EXPECT_TRUE(base::list_directory(snapshots.layer_directory("sha256-aa")).empty());
}

TEST_F(SnapshotterTest, LeasedLayersStayUntilTheirUserGoes) {
  auto evictor = open();
  std::string made;
  {
    auto builder = open();
    auto active = builder.prepare({});
    builder.commit(active, {});
    made = active.id();
    EXPECT_FALSE(evictor.is_unleased(made)) << "made by a process that lives";
    EXPECT_FALSE(evictor.remove_unleased(made));
    EXPECT_FALSE(builder.remove_unleased(made)) << "its own";
    EXPECT_TRUE(builder.has(made));
  }
  EXPECT_TRUE(evictor.is_unleased(made));
  {
    const auto reader = open();
    EXPECT_FALSE(reader.has("another"));
    EXPECT_TRUE(reader.has(made));
    EXPECT_FALSE(evictor.remove_unleased(made));
  }
  EXPECT_TRUE(evictor.remove_unleased(made));
  EXPECT_FALSE(open().has(made));
}

TEST_F(SnapshotterTest, ARecordWithoutItsDirectoryIsNoLayer) {
  auto snapshots = open();
  auto active = snapshots.prepare({});
  snapshots.commit(active, {});
  base::remove_tree(this->snapshots() + "/" + active.id());
  EXPECT_FALSE(snapshots.has(active.id()));
  EXPECT_FALSE(snapshots.has_all({active.id()}));
}

TEST(ChainKey, DependsOnEveryLayerAndTheirOrder) {
  EXPECT_NE(chain_key({"a", "b"}), chain_key({"b", "a"}));
  EXPECT_NE(chain_key({"ab"}), chain_key({"a", "b"}));
  EXPECT_EQ(chain_key({"a"}).size(), 64u);
}

TEST(MountSpec, SurvivesItsJson) {
  const MountSpec spec{{"/a/fs", "/b/fs"}, "/c/fs", "/c/work"};
  EXPECT_EQ(MountSpec::from_json(base::Json::parse(spec.to_json().dump())), spec);
}

}  // namespace
}  // namespace snapshot
