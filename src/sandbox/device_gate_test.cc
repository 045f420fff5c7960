// SPDX-License-Identifier: Apache-2.0
#include "sandbox/device_gate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/subprocess.h"

namespace sandbox {
namespace {

struct Place {
  CgroupLayout layout;
  const char* root;
};

/// Both kinds of gate are tried wherever their hierarchy is mounted, even on hybrid hosts.
class DeviceGateTest : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    const Place& place = GetParam();
    directory_ = device_group_path(place.layout, "/slipway-test-" + base::random_id(8), place.root);
    if (::mkdir(directory_.c_str(), 0755) != 0) GTEST_SKIP() << "cannot make " << directory_;
    try {
      close_device_gate(place.layout, directory_);
    } catch (const base::Error& error) {
      GTEST_SKIP() << error.text();
    }
  }
  void TearDown() override { ::rmdir(directory_.c_str()); }

  /// Runs the shell script inside the group.
  int inside(const std::string& script) const {
    base::Command command;
    command.argv = {"/bin/sh", "-c", "echo $$ > " + directory_ + "/cgroup.procs || exit 99; " + script};
    return base::run_collect(command).status.code;
  }

  std::string directory_;
};

TEST_P(DeviceGateTest, LetsTheHarmlessDevicesBeUsed) {
  for (const char* name : {"null", "zero", "full", "random", "urandom"}) {
    EXPECT_EQ(inside(std::string(": < /dev/") + name), 0) << name;
  }
}

TEST_P(DeviceGateTest, KeepsEverythingElseShut) {
  const base::TemporaryDirectory directory;
  EXPECT_EQ(inside("mknod " + directory.path() + "/fuse c 10 229"), 0) << "a node may be made";
  EXPECT_NE(inside(": < " + directory.path() + "/fuse"), 0);
  EXPECT_NE(inside("mknod " + directory.path() + "/ram b 1 3 && : < " + directory.path() + "/ram"), 0)
      << "numbers of a harmless character device do not open a block device";
}

INSTANTIATE_TEST_SUITE_P(Layouts, DeviceGateTest,
                         ::testing::Values(Place{CgroupLayout::v1, "/sys/fs/cgroup"},
                                           Place{CgroupLayout::v2, "/sys/fs/cgroup"},
                                           Place{CgroupLayout::v2, "/sys/fs/cgroup/unified"}));

}  // namespace
}  // namespace sandbox
