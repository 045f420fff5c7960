// SPDX-License-Identifier: Apache-2.0
#include "sandbox/user.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace sandbox {
namespace {

const UserFiles kFiles{
    "# comment\nroot:x:0:0:root:/root:/bin/sh\n  app:x:1000:1001:App:/home/app:/bin/sh\nnohome:x:7:8\n"
    "1337:x:9:9::/odd:/bin/sh\napp:x:1:1::/second:/bin/sh\nbroken\n",
    "root:x:0:\nstaff:x:50:app,other\nwheel:x:10:root,app\nnamed:x:77:\n"};

User resolved(std::string_view spec) { return resolve_user(spec, kFiles); }

std::string failure(std::string_view spec, const UserFiles& files = kFiles) {
  try {
    resolve_user(spec, files);
    return "";
  } catch (const base::Error& error) {
    return error.text();
  }
}

TEST(User, ANameBringsItsPrimaryAndSupplementaryGroups) { EXPECT_EQ(resolved("app"), (User{1000, 1001, {50, 10}})); }

TEST(User, AnExplicitGroupReplacesTheUsersOwn) {
  EXPECT_EQ(resolved("app:named"), (User{1000, 77, {}}));
  EXPECT_EQ(resolved("app:123"), (User{1000, 123, {}}));
}

TEST(User, ANumberOfAKnownUserActsLikeItsName) { EXPECT_EQ(resolved("1000"), (User{1000, 1001, {50, 10}})); }

TEST(User, AnUnknownNumberHasGroupZero) { EXPECT_EQ(resolved("4242"), (User{4242, 0, {}})); }

TEST(User, NumericPairsNeedNoFilesAndNoRange) {
  EXPECT_EQ(resolve_user("1000:1000", {}), (User{1000, 1000, {}}));
  EXPECT_EQ(resolve_user("root:root", {}), (User{0, 0, {}}));
  EXPECT_EQ(resolve_user("4294967294:1", {}), (User{4294967294U, 1, {}}));
}

TEST(User, NothingMeansRootWithRootsGroups) {
  EXPECT_EQ(resolved(""), (User{0, 0, {10}}));
  EXPECT_EQ(resolve_user("", {}), (User{0, 0, {}}));
  EXPECT_EQ(resolved(":named"), (User{0, 77, {}}));
}

TEST(User, ANumericNameInPasswdIsStillTakenAsANumber) { EXPECT_EQ(resolved("1337"), (User{1337, 0, {}})); }

TEST(User, UnknownNamesAreErrors) {
  EXPECT_EQ(failure("ghost"), "unable to find user ghost: no matching entries in passwd file");
  EXPECT_EQ(failure("app:ghosts"), "unable to find group ghosts: no matching entries in group file");
  EXPECT_EQ(failure("app", {}), "unable to find user app: no matching entries in passwd file");
}

TEST(User, NumbersOutOfRangeAreErrors) {
  EXPECT_EQ(failure("-1"), "uids and gids must be in range 0-2147483647, not -1");
  EXPECT_EQ(failure("2147483648"), "uids and gids must be in range 0-2147483647, not 2147483648");
  EXPECT_EQ(failure("99999999999999999999"), "uids and gids must be in range 0-2147483647, not 99999999999999999999");
}

TEST(User, WhatFollowsASecondColonIsIgnored) { EXPECT_EQ(resolved("1:2:3"), (User{1, 2, {}})); }

TEST(User, HomeComesFromPasswdElseItIsTheRoot) {
  EXPECT_EQ(home_of_user("app", kFiles), "/home/app");
  EXPECT_EQ(home_of_user("app:staff", kFiles), "/home/app");
  EXPECT_EQ(home_of_user("1000:5", kFiles), "/home/app");
  EXPECT_EQ(home_of_user("", kFiles), "/root");
  EXPECT_EQ(home_of_user("nohome", kFiles), "/");
  EXPECT_EQ(home_of_user("4242", kFiles), "/");
  EXPECT_EQ(home_of_user("app", {}), "/");
}

TEST(UserFilesTest, StayInsideTheRootAndMustBeRegular) {
  const base::TemporaryDirectory outside;
  base::write_file_atomic(outside.path() + "/passwd", "evil:x:0:0::/:\n");
  const base::TemporaryDirectory root;
  base::make_directories(root.path() + "/etc");
  (void)!::symlink((outside.path() + "/passwd").c_str(), (root.path() + "/etc/passwd").c_str());
  (void)!::mkfifo((root.path() + "/etc/group").c_str(), 0644);
  const base::Fd fd = base::open_directory(root.path());
  const UserFiles files = read_user_files(fd.get());
  EXPECT_FALSE(files.passwd.has_value());
  EXPECT_FALSE(files.group.has_value());
}

TEST(UserFilesTest, ALinkInsideTheRootIsFollowed) {
  const base::TemporaryDirectory root;
  base::make_directories(root.path() + "/etc");
  base::make_directories(root.path() + "/usr");
  base::write_file_atomic(root.path() + "/usr/passwd", "a:x:5:6::/h:\n");
  (void)!::symlink("/usr/passwd", (root.path() + "/etc/passwd").c_str());
  const base::Fd fd = base::open_directory(root.path());
  EXPECT_EQ(resolve_user("a", read_user_files(fd.get())), (User{5, 6, {}}));
}

}  // namespace
}  // namespace sandbox
