// SPDX-License-Identifier: Apache-2.0
#include "sandbox/stubs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

namespace sandbox {
namespace {

using Kind = StubTarget::Kind;
using Names = std::vector<std::string>;

class StubsTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + name; }
  Names names(const std::string& name = "/") const { return base::list_directory(path(name)); }
  unsigned mode(const std::string& name) const { return base::lstat_if_exists(path(name))->st_mode & 07777; }
  void set_time(const std::string& name, time_t seconds) const {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ::utimensat(AT_FDCWD, path(name).c_str(), times, 0);
  }
  time_t time_of(const std::string& name) const { return base::lstat_if_exists(path(name))->st_mtim.tv_sec; }

  base::TemporaryDirectory directory_;
  base::Fd root_ = base::open_directory(directory_.path());
};

TEST_F(StubsTest, MakesFilesAndDirectoriesAndRemovesThemWithTheirParents) {
  MountStubs stubs(root_.get(), {{"/etc/hosts", Kind::file}, {"/a/b/c", Kind::directory}}, StubRemoval::with_parents);
  EXPECT_TRUE(S_ISREG(base::lstat_if_exists(path("/etc/hosts"))->st_mode));
  EXPECT_EQ(mode("/a/b/c"), 0755U);
  stubs.remove();
  EXPECT_EQ(names(), (Names{"dev", "proc", "sys"}));
}

TEST_F(StubsTest, ThePlainRemovalLeavesTheParents) {
  MountStubs stubs(root_.get(), {{"/a/b/c", Kind::directory}}, StubRemoval::target_only);
  stubs.remove();
  EXPECT_EQ(names("/a"), Names{"b"});
  EXPECT_TRUE(names("/a/b").empty());
}

TEST_F(StubsTest, WhatWasThereIsNeverTouched) {
  base::make_directories(path("/etc"));
  base::write_file_atomic(path("/etc/hosts"), "");
  base::make_directories(path("/cache"));
  MountStubs stubs(root_.get(), {{"/etc/hosts", Kind::file}, {"/cache", Kind::directory}}, StubRemoval::with_parents);
  stubs.remove();
  EXPECT_EQ(names("/etc"), Names{"hosts"});
  EXPECT_TRUE(base::exists(path("/cache")));
}

TEST_F(StubsTest, AStubThatTheStepFilledStays) {
  MountStubs stubs(root_.get(), {{"/etc/hosts", Kind::file}, {"/a/b", Kind::directory}, {"/c", Kind::directory}},
                   StubRemoval::with_parents);
  base::write_file_atomic(path("/etc/own"), "k");
  base::write_file_atomic(path("/c/file"), "x");
  stubs.remove();
  EXPECT_EQ(names("/etc"), Names{"own"});
  EXPECT_EQ(names("/c"), Names{"file"});
  EXPECT_FALSE(base::exists(path("/a")));
}

TEST_F(StubsTest, ParentsKeepTheirTimes) {
  base::make_directories(path("/etc"));
  base::make_directories(path("/dev"));
  set_time("/etc", 1000);
  MountStubs stubs(root_.get(), {{"/etc/hosts", Kind::file}}, StubRemoval::with_parents);
  EXPECT_EQ(time_of("/etc"), 1000);
  set_time("/etc", 2000);  // as if the step had changed something
  stubs.remove();
  EXPECT_EQ(time_of("/etc"), 2000);
}

TEST_F(StubsTest, LinksLeadToTheirTargetInsideTheRoot) {
  const base::TemporaryDirectory outside;
  base::make_directories(path("/real"));
  (void)!::symlink("/real", path("/link").c_str());
  (void)!::symlink(outside.path().c_str(), path("/escape").c_str());
  MountStubs stubs(root_.get(), {{"/link/x", Kind::directory}, {"/escape/y", Kind::file}}, StubRemoval::with_parents);
  EXPECT_EQ(names("/real"), Names{"x"});
  EXPECT_TRUE(base::list_directory(outside.path()).empty());
  stubs.remove();
  EXPECT_TRUE(names("/real").empty());
}

TEST_F(StubsTest, AStepThatSwapsAParentForALinkCannotMakeUsRemoveElsewhere) {
  const base::TemporaryDirectory outside;
  base::write_file_atomic(outside.path() + "/hosts", "");
  MountStubs stubs(root_.get(), {{"/etc/hosts", Kind::file}}, StubRemoval::with_parents);
  base::remove_tree(path("/etc"));
  (void)!::symlink(outside.path().c_str(), path("/etc").c_str());
  stubs.remove();
  EXPECT_TRUE(base::exists(outside.path() + "/hosts"));
}

TEST_F(StubsTest, TargetsInsideEarlierMountsAreLeftToTheRuntime) {
  MountStubs stubs(root_.get(),
                   {{"/etc/hosts", Kind::file},
                    {"/etc", Kind::directory},
                    {"/etc/sub", Kind::directory},
                    {"/dev/shm", Kind::directory}},
                   StubRemoval::with_parents);
  EXPECT_EQ(names("/etc"), Names{"hosts"});
  EXPECT_TRUE(names("/dev").empty());
}

TEST_F(StubsTest, OddTargetsAreNoTargets) {
  base::write_file_atomic(path("/file"), "text");
  MountStubs stubs(root_.get(), {{"/", Kind::directory}, {"/file/below", Kind::directory}}, StubRemoval::with_parents);
  stubs.remove();
  EXPECT_EQ(names(), (Names{"dev", "file", "proc", "sys"}));
}

}  // namespace
}  // namespace sandbox
