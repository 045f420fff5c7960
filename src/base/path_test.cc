// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace base {
namespace {

TEST(CleanPath, FollowsGo) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "."},  {"a//b/../c/", "a/c"}, {"/..", "/"},  {"/../a", "/a"}, {"../a/..", ".."}, {"./a/./b", "a/b"},
      {"/", "/"}, {"a/../..", ".."},     {"//a", "/a"},
  };
  for (const auto& [input, want] : cases) EXPECT_EQ(clean_path(input), want) << input;
}

TEST(JoinPath, KeepsTheDirectoryInFrontOfAbsoluteNames) {
  EXPECT_EQ(join_path("/a", "/b"), "/a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("/a", "../b"), "/b");
}

TEST(BaseAndDirName, FollowGo) {
  EXPECT_EQ(base_name("/a/b/"), "b");
  EXPECT_EQ(base_name("/"), "/");
  EXPECT_EQ(base_name(""), ".");
  EXPECT_EQ(dir_name("/a/b"), "/a");
  EXPECT_EQ(dir_name("a"), ".");
  EXPECT_EQ(dir_name("/a"), "/");
}

class InRoot : public ::testing::Test {
 protected:
  void SetUp() override {
    make_directories(root() + "/etc/deep");
    write_file_atomic(root() + "/etc/name", "inside");
    write_file_atomic(outside_.path() + "/secret", "outside");
    link((outside_.path() + "/secret").c_str(), "absolute");
    link("/etc/name", "rerooted");
    link("../../../../etc/name", "climbing");
    link("loop", "loop");
    link("/etc", "dir");
  }
  void link(const char* target, const std::string& name) {
    ASSERT_EQ(::symlink(target, (root() + "/" + name).c_str()), 0);
  }
  std::string root() const { return root_.path(); }
  Fd root_fd() const { return open_directory(root()); }

  TemporaryDirectory root_;
  TemporaryDirectory outside_;
};

TEST_F(InRoot, AbsoluteAndClimbingLinksStayInside) {
  const Fd root_directory = root_fd();
  for (const char* name : {"rerooted", "climbing", "dir/name", "/etc/../../etc/name", "dir/deep/../name"}) {
    EXPECT_EQ(read_all(open_in_root(root_directory.get(), name, O_RDONLY).get()), "inside") << name;
  }
}

TEST_F(InRoot, LinksToTheOutsideFindNothing) {
  const Fd root_directory = root_fd();
  EXPECT_FALSE(open_in_root_if_exists(root_directory.get(), "absolute", O_RDONLY));
  EXPECT_FALSE(open_in_root_if_exists(root_directory.get(), "etc/name/x", O_RDONLY));
}

TEST_F(InRoot, LoopsAreRefused) {
  const Fd root_directory = root_fd();
  EXPECT_THROW(open_in_root(root_directory.get(), "loop", O_RDONLY), Error);
  EXPECT_THROW(resolve_in_root(root_directory.get(), "loop"), Error);
}

TEST_F(InRoot, ResolveAgreesWithTheKernel) {
  const Fd root_directory = root_fd();
  EXPECT_EQ(resolve_in_root(root_directory.get(), "dir/deep/../name"), "/etc/name");
  EXPECT_EQ(resolve_in_root(root_directory.get(), "climbing"), "/etc/name");
  EXPECT_EQ(resolve_in_root(root_directory.get(), "climbing", LastLink::keep), "/climbing");
  EXPECT_EQ(resolve_in_root(root_directory.get(), "dir/new/file"), "/etc/new/file");
  EXPECT_EQ(resolve_in_root(root_directory.get(), ""), "/");
}

}  // namespace
}  // namespace base
