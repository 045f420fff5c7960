// SPDX-License-Identifier: Apache-2.0
#include "snapshot/overlay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "snapshot/mount.h"
#include "snapshot/testing/snapshotter_suite.h"

namespace snapshot {
namespace {

/// Overlay mounts of hand-made layers; the suite's SetUp brings a private mount namespace.
class OverlayTest : public testing::SnapshotterSuite {
 protected:
  std::string layer(const std::string& name, const std::string& file, const std::string& text) {
    const auto directory = path() + "/" + name;
    base::make_directories(directory);
    if (!file.empty()) base::write_file_atomic(directory + "/" + file, text);
    return directory;
  }
  static std::string read(int mount, const char* name) {
    const base::Fd file(::openat(mount, name, O_RDONLY | O_CLOEXEC));
    return file ? base::read_all(file.get()) : std::string("absent");
  }
};
INSTANTIATE_TEST_SUITE_P(Overlay, OverlayTest, ::testing::Values(Driver::overlay));

TEST_P(OverlayTest, BothWaysToMountGiveTheSame) {
  const OverlayDirectories directories{
      {layer("a", "f", "a"), layer("b", "f", "b")}, layer("u", "", ""), layer("w", "", "")};
  for (const auto api : {OverlayApi::append, OverlayApi::classic}) {
    base::remove_tree(directories.work);
    base::make_directories(directories.work);
    const auto mount = overlay_mount(directories, scratch(), api);
    EXPECT_EQ(read(mount.get(), "f"), "b");
    const base::Fd made(::openat(mount.get(), "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    EXPECT_TRUE(made);
    EXPECT_TRUE(base::exists(directories.upper + "/new"));
  }
}

TEST_P(OverlayTest, LongPathsMount) {
  std::string deep = "d";
  for (int i = 0; i < 10; ++i) deep += "/" + std::string(60, 'n');
  const OverlayDirectories directories{{layer(deep + "1", "f", "a"), layer(deep + "2", "g", "b")}, "", ""};
  for (const auto api : {OverlayApi::append, OverlayApi::classic}) {
    const auto mount = overlay_mount(directories, scratch(), api);
    EXPECT_EQ(read(mount.get(), "f") + read(mount.get(), "g"), "ab");
  }
}

TEST_P(OverlayTest, FourHundredLayersMountInBothWays) {
  OverlayDirectories directories;
  for (int i = 0; i < 400; ++i)
    directories.lowers.push_back(layer(base::format("l{}", i), base::format("f{}", i), "x"));
  for (const auto api : {OverlayApi::append, OverlayApi::classic}) {
    const auto mount = overlay_mount(directories, scratch(), api);
    EXPECT_EQ(read(mount.get(), "f0") + read(mount.get(), "f399"), "xx");
  }
}

TEST_P(OverlayTest, ChainsBeyondTheKernelsLimitAreStacked) {
  MountSpec spec;
  for (int i = 0; i < 700; ++i) spec.lowers.push_back(layer(base::format("l{}", i), base::format("f{}", i), "x"));
  // A whiteout in the upper part must hide a file of the lower one.
  ASSERT_EQ(::mknod((spec.lowers[650] + "/f3").c_str(), S_IFCHR, 0), 0);
  spec.upper = layer("u", "", "");
  spec.work = layer("w", "", "");
  const auto mount = mount_snapshot(spec, Driver::overlay, scratch(), {});
  EXPECT_EQ(read(mount.get(), "f0") + read(mount.get(), "f699"), "xx");
  EXPECT_EQ(read(mount.get(), "f3"), "absent");
  spec.lowers.resize(1);
  for (int i = 0; i < 1000; ++i) spec.lowers.push_back(spec.lowers[0]);
  EXPECT_THROW(mount_snapshot(spec, Driver::overlay, scratch(), {}), base::Error);
}

TEST_P(OverlayTest, WhiteoutsOfASingleLayerDoNotShow) {
  const auto bottom = layer("a", "f", "a");
  ASSERT_EQ(::mknod((bottom + "/gone").c_str(), S_IFCHR, 0), 0);
  const auto mount = mount_snapshot({.lowers = {bottom}}, Driver::overlay, scratch(), {});
  EXPECT_EQ(read(mount.get(), "f"), "a");
  EXPECT_EQ(::faccessat(mount.get(), "gone", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

TEST_P(OverlayTest, RefusedMountsSayWhy) {
  try {
    mount_snapshot({.lowers = {"/missing/a", "/missing/b"}}, Driver::overlay, scratch(), {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.text().find("/missing/b"), std::string::npos) << error.text();
  }
}

}  // namespace
}  // namespace snapshot
