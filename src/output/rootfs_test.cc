// SPDX-License-Identifier: Apache-2.0
#include "output/rootfs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <map>

#include "base/error.h"
#include "base/file.h"
#include "layer/tar_reader.h"

namespace output {
namespace {

class RootfsTest : public ::testing::Test {
 protected:
  RootfsTest() {
    base::make_directories(root_ + "/d/e");
    file("d/f", "hello", 0640);
    file("d.txt", "x", 04755);
    ::link((root_ + "/d/f").c_str(), (root_ + "/d/g").c_str());
    ::symlink("f", (root_ + "/d/l").c_str());
    ::symlink("/d/f", (root_ + "/abs").c_str());
    ::mkfifo((root_ + "/fifo").c_str(), 0600);
    ::chmod((root_ + "/d/e").c_str(), 0511);
    base::make_directories(destination_);
  }
  void file(const std::string& name, const std::string& text, mode_t mode) {
    base::write_file_atomic(root_ + "/" + name, text);
    ::chmod((root_ + "/" + name).c_str(), mode);
    const timespec times[2] = {{1, 0}, {1'000'000'000, 700'000'000}};
    ::utimensat(AT_FDCWD, (root_ + "/" + name).c_str(), times, 0);
  }
  std::map<std::string, layer::TarEntry> tar(const RootfsOptions& options = {}) {
    layer::StringSink sink;
    layer::TarWriter writer(sink);
    write_rootfs_tar(base::open_directory(root_).get(), writer, options, {});
    writer.finish();
    std::map<std::string, layer::TarEntry> result;
    layer::StringSource source(sink.text);
    layer::TarReader reader(source);
    while (const layer::TarEntry* entry = reader.next()) {
      order_.push_back(entry->name);
      result[entry->name] = *entry;
    }
    return result;
  }
  void copy(const RootfsOptions& options = {}) {
    copy_rootfs(base::open_directory(root_).get(), base::open_directory(destination_).get(), options, {});
  }
  struct stat at(const std::string& name) { return base::lstat_if_exists(destination_ + "/" + name).value(); }

  base::TemporaryDirectory dir_;
  std::string root_ = dir_.path() + "/root";
  std::string destination_ = dir_.path() + "/out";
  std::vector<std::string> order_;
};

TEST_F(RootfsTest, TarHasEveryEntryInOrder) {
  const auto entries = tar();
  EXPECT_EQ(order_, (std::vector<std::string>{"abs", "d/", "d/e/", "d/f", "d/g", "d/l", "d.txt", "fifo"}));
  EXPECT_EQ(entries.at("d/f").size, 5U);
  EXPECT_EQ(entries.at("d/f").mtime, 1'000'000'001);  // rounded
  EXPECT_EQ(entries.at("d/g").type, layer::TarType::hard_link);
  EXPECT_EQ(entries.at("d/g").link_name, "d/f");
  EXPECT_EQ(entries.at("d.txt").mode, 04755U);
  EXPECT_EQ(entries.at("abs").link_name, "/d/f");
  EXPECT_EQ(entries.at("fifo").type, layer::TarType::fifo);
}

TEST_F(RootfsTest, TarTakesAPrefixAndAnEpoch) {
  const auto entries = tar({.epoch = 7 * base::kSecond, .prefix = platform_prefix("linux/arm/v7"), .progress = {}});
  EXPECT_EQ(order_.front(), "linux_arm_v7/");
  EXPECT_EQ(entries.at("linux_arm_v7/").mode, 0755U);
  EXPECT_EQ(entries.at("linux_arm_v7/d/g").link_name, "linux_arm_v7/d/f");
  EXPECT_EQ(entries.at("linux_arm_v7/abs").link_name, "/linux_arm_v7/d/f");
  for (const auto& [name, entry] : entries) EXPECT_EQ(entry.mtime, 7) << name;
}

TEST_F(RootfsTest, CopyKeepsModesTimesAndLinks) {
  copy();
  EXPECT_EQ(base::read_file(destination_ + "/d/f"), "hello");
  EXPECT_EQ(at("d/f").st_mode & 07777U, 0640U);
  EXPECT_EQ(at("d.txt").st_mode & 07777U, 04755U);
  EXPECT_EQ(at("d/e").st_mode & 07777U, 0511U);
  EXPECT_EQ(at("d/f").st_ino, at("d/g").st_ino);
  EXPECT_EQ(at("d/f").st_mtim.tv_nsec, 700'000'000);
  EXPECT_EQ(at("d/f").st_uid, ::getuid());
  EXPECT_TRUE(S_ISLNK(at("abs").st_mode));
  EXPECT_TRUE(S_ISFIFO(at("fifo").st_mode));
}

TEST_F(RootfsTest, CopyGoesOverWhatIsThereAndKeepsTheRest) {
  base::make_directories(destination_ + "/d/f/deep");
  base::write_file_atomic(destination_ + "/other", "kept");
  base::write_file_atomic(destination_ + "/abs", "a file where a symlink comes");
  copy();
  copy();
  EXPECT_EQ(base::read_file(destination_ + "/d/f"), "hello");
  EXPECT_TRUE(S_ISLNK(at("abs").st_mode));
  EXPECT_EQ(base::read_file(destination_ + "/other"), "kept");
  EXPECT_EQ(base::list_directory(destination_).size(), 5U);  // no temporary left over
}

TEST_F(RootfsTest, CopyFollowsNoSymlinkOfTheDestination) {
  const std::string outside = dir_.path() + "/outside";
  base::make_directories(outside);
  base::write_file_atomic(dir_.path() + "/victim", "untouched");
  ::symlink(outside.c_str(), (destination_ + "/d").c_str());
  ::symlink((dir_.path() + "/victim").c_str(), (destination_ + "/d.txt").c_str());
  copy();
  EXPECT_TRUE(base::list_directory(outside).empty());
  EXPECT_EQ(base::read_file(dir_.path() + "/victim"), "untouched");
  EXPECT_TRUE(S_ISDIR(at("d").st_mode));
  EXPECT_EQ(base::read_file(destination_ + "/d.txt"), "x");
}

TEST_F(RootfsTest, CopySplitsPlatformsIntoFolders) {
  copy({.epoch = {}, .prefix = platform_prefix("linux/amd64"), .progress = {}});
  EXPECT_EQ(base::read_file(destination_ + "/linux_amd64/d/g"), "hello");
  EXPECT_EQ(at("linux_amd64").st_mode & 07777U, 0755U);
  EXPECT_EQ(at("linux_amd64/d/f").st_ino, at("linux_amd64/d/g").st_ino);
}

TEST_F(RootfsTest, SurplusIsRemovedOnDemand) {
  base::make_directories(destination_ + "/d/old/deep");
  base::write_file_atomic(destination_ + "/stale", "x");
  copy();
  const base::Fd root = base::open_directory(root_);
  const int roots[] = {root.get()};
  remove_surplus(roots, base::open_directory(destination_).get(), {});
  EXPECT_FALSE(base::exists(destination_ + "/stale"));
  EXPECT_FALSE(base::exists(destination_ + "/d/old"));
  EXPECT_EQ(base::read_file(destination_ + "/d/f"), "hello");
}

TEST_F(RootfsTest, DevicesGoIntoTheTar) {
  if (::mknod((root_ + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    GTEST_SKIP() << "devices can be made by root only";
  }
  const auto entries = tar();
  EXPECT_EQ(entries.at("null").type, layer::TarType::char_device);
  EXPECT_EQ(entries.at("null").device_minor, 3U);
}

TEST_F(RootfsTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(
      copy_rootfs(base::open_directory(root_).get(), base::open_directory(destination_).get(), {}, stop.get_token()),
      base::Cancelled);
}

}  // namespace
}  // namespace output
