// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every driver must do alike: a suite over (driver) that changes mounted snapshots with shell
// commands and looks at the trees of the chains that come out.
//
//     INSTANTIATE_TEST_SUITE_P(Drivers, SnapshotterSuite, ::testing::Values(Driver::overlay, Driver::fuse,
//     Driver::native));
//
// It needs root (or a user namespace) for mounts and skips with the reason where that is missing.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "snapshot/mount.h"
#include "snapshot/snapshotter.h"
#include "snapshot/testing/memory_records.h"

namespace snapshot::testing {

class SnapshotterSuite : public ::testing::TestWithParam<Driver> {
 protected:
  void SetUp() override;

  /// A snapshotter over the suite's directory, as another process would make it.
  std::unique_ptr<Snapshotter> open();
  Snapshotter& snapshots() { return *snapshots_; }

  /// Runs a shell script inside the mounted snapshot over `parent` and commits. Gives the new chain.
  Chain step(const Chain& parent, const std::string& script);
  /// Runs a script in a read-only view and gives what it prints.
  std::string look(const Chain& chain, const std::string& script);
  /// Every file of a chain, one line each: path, type, mode, owner, size or target.
  std::string tree(const Chain& chain);
  /// What the top layer of a chain contains, whiteouts included.
  std::string layer(const Chain& chain);
  std::string scratch();
  std::string path() const { return room_->path(); }

 private:
  std::string run_in(const MountSpec& spec, const std::string& script);

  std::unique_ptr<base::TemporaryDirectory> room_;
  MemoryLayerRecords records_;
  std::unique_ptr<Snapshotter> snapshots_;
  int scratches_ = 0;
};

}  // namespace snapshot::testing
