// SPDX-License-Identifier: Apache-2.0
// Killing a process at every point of a commit: what is recorded is whole, the rest is collected.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>

#include "base/file.h"
#include "snapshot/snapshotter.h"
#include "snapshot/stored_records.h"
#include "store/store.h"

namespace snapshot {
namespace {

struct House {
  explicit House(const std::string& root)
      : store(store::Store::open(root)),
        records(store->meta()),
        snapshots({.directory = store->snapshots_dir(), .locks = store->locks_dir(), .driver = {}, .remove_tree = {}},
                  records) {}
  std::unique_ptr<store::Store> store;
  StoredLayerRecords records;
  Snapshotter snapshots;
};

[[noreturn]] void commit_and_die(const std::string& root, const std::string& point) {
  ::setenv("SLIPWAY_FAULT", ("kill@" + point).c_str(), 1);
  House house(root);
  auto active = house.snapshots.prepare({});
  base::write_file_atomic(active.mounts().upper + "/f", "whole");
  house.snapshots.commit_as(active, "sha256-aa", {});
  ::_exit(0);  // the point was not reached
}

class CrashPoint : public ::testing::TestWithParam<const char*> {
 protected:
  /// A new program for the part that dies, since this one may have threads.
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
INSTANTIATE_TEST_SUITE_P(Points, CrashPoint,
                         ::testing::Values("snapshot.commit.finished", "snapshot.commit.renamed",
                                           "snapshot.commit.recorded"));

TEST_P(CrashPoint, LeavesAWholeLayerOrGarbage) {
  const std::string root = ::testing::TempDir() + "/crash-" + GetParam();
  base::remove_tree(root);
  EXPECT_EXIT(commit_and_die(root, GetParam()), ::testing::KilledBySignal(SIGKILL), "");
  {
    House house(root);
    const bool recorded = std::string_view(GetParam()) == "snapshot.commit.recorded";
    EXPECT_EQ(house.snapshots.has("sha256-aa"), recorded);
    if (recorded) {
      EXPECT_EQ(base::read_file(house.snapshots.layer_directory("sha256-aa") + "/f"), "whole");
    }
    EXPECT_EQ(house.snapshots.collect(), recorded ? 0u : 1u);
    auto again = house.snapshots.prepare({});
    house.snapshots.commit_as(again, "sha256-aa", {});
    EXPECT_TRUE(house.snapshots.has("sha256-aa"));
    EXPECT_EQ(base::list_directory(house.store->snapshots_dir()), std::vector<std::string>{"sha256-aa"});
  }
  base::remove_tree(root);
}

}  // namespace
}  // namespace snapshot
