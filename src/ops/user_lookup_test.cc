// SPDX-License-Identifier: Apache-2.0
#include "ops/user_lookup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

class UserLookupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::make_directories(directory_.path() + "/etc");
    write("/etc/passwd",
          "root:x:0:0:root:/root:/bin/sh\n\n  app:x:1000:1001:,,,:/app:/bin/sh  "
          "\nbad:x:ten\nshort\n1234:x:5:6::/:/bin/sh\n"
          "app:x:7:7::/:/bin/sh");
    write("/etc/group", "root:x:0:\nstaff:x:50:app,root\n");
  }
  void write(const std::string& path, const std::string& text) {
    base::write_file_atomic(directory_.path() + path, text);
  }

  std::optional<Owner> resolve(std::optional<llb::UserOpt> user, std::optional<llb::UserOpt> group) {
    return resolve_owner(llb::ChownOpt{std::move(user), std::move(group)},
                         [this](std::int64_t) { return root_.get(); });
  }
  static llb::UserOpt named(const std::string& name) { return {.name = name, .input = 0}; }
  static llb::UserOpt numbered(std::uint32_t id) { return {.id = id}; }

  base::TemporaryDirectory directory_;
  base::Fd root_ = base::open_directory(directory_.path());
};

#define EXPECT_OWNER(owner, user, group) \
  do {                                   \
    const auto found = owner;            \
    ASSERT_TRUE(found);                  \
    EXPECT_EQ(found->uid, user);         \
    EXPECT_EQ(found->gid, group);        \
  } while (false)

TEST_F(UserLookupTest, ANameBringsItsPrimaryGroupAndANumberItself) {
  EXPECT_OWNER(resolve(named("app"), {}), 1000U, 1001U);
  EXPECT_OWNER(resolve(numbered(12), {}), 12U, 12U);
  EXPECT_OWNER(resolve(named("1234"), {}), 5U, 6U);
}

TEST_F(UserLookupTest, AGroupWinsOverTheUsersOwn) {
  EXPECT_OWNER(resolve(named("app"), named("staff")), 1000U, 50U);
  EXPECT_OWNER(resolve(named("app"), numbered(9)), 1000U, 9U);
  EXPECT_OWNER(resolve({}, named("staff")), 0U, 50U);
}

TEST_F(UserLookupTest, WhatIsUnknownIsZeroOrTheUsersGroup) {
  EXPECT_OWNER(resolve(named("ghost"), {}), 0U, 0U);
  EXPECT_OWNER(resolve(named("app"), named("ghosts")), 1000U, 1001U);
  EXPECT_OWNER(resolve(named("bad"), {}), 0U, 0U);
  EXPECT_FALSE(resolve_owner(std::nullopt, [](std::int64_t) { return -1; }));
}

TEST_F(UserLookupTest, WithoutFilesNobodyIsKnown) {
  base::remove_tree(directory_.path() + "/etc");
  EXPECT_OWNER(resolve(named("root"), named("root")), 0U, 0U);
  EXPECT_FALSE(find_user(root_.get(), "app"));
  EXPECT_FALSE(find_group(-1, "staff"));
  write("/etc", "a file, not a directory");
  EXPECT_FALSE(find_user(root_.get(), "app"));
}

TEST_F(UserLookupTest, ANameWithoutAnInputIsAnError) {
  try {
    resolve(llb::UserOpt{.name = "app", .input = llb::kEmpty}, {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "invalid user index: -1");
  }
}

TEST_F(UserLookupTest, LinksAreFollowedInsideTheRoot) {
  write("/accounts", "app:x:3:4::/:/bin/sh\n");
  base::remove_tree(directory_.path() + "/etc/passwd");
  ASSERT_EQ(::symlink("../../../../accounts", (directory_.path() + "/etc/passwd").c_str()), 0);
  EXPECT_OWNER(resolve(named("app"), {}), 3U, 4U);
}

TEST_F(UserLookupTest, RefusesWhatIsNoFileAndWhatIsTooLarge) {
  base::remove_tree(directory_.path() + "/etc/passwd");
  ASSERT_EQ(::mkfifo((directory_.path() + "/etc/passwd").c_str(), 0644), 0);
  EXPECT_THROW(resolve(named("app"), {}), base::Error);
  base::remove_tree(directory_.path() + "/etc/group");
  write("/etc/group", std::string((10 << 20) + 1, '\n'));
  EXPECT_THROW(resolve({}, named("staff")), base::Error);
}

}  // namespace
}  // namespace ops
