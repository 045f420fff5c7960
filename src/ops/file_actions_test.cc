// SPDX-License-Identifier: Apache-2.0
#include "ops/file_actions.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace ops {
namespace {

class FileActionsTest : public ::testing::Test {
 protected:
  std::string at(const std::string& path) const { return directory_.path() + path; }
  static struct stat stat_of_nothing() { return {}; }
  static struct stat info(const std::string& path) {
    const auto found = base::lstat_if_exists(path);
    if (!found) ADD_FAILURE() << path << " is not there";
    return found.value_or(stat_of_nothing());
  }
  template <typename Action>
  static std::string failure(const Action& action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error.text();
    }
    return "no failure";
  }

  base::TemporaryDirectory directory_;
  base::Fd root_ = base::open_directory(directory_.path());
};

TEST_F(FileActionsTest, MakesADirectoryWithItsMode) {
  make_directory(root_.get(), {.path = "/d", .mode = 0777, .timestamp = 1'000'000'000'000});
  EXPECT_EQ(info(at("/d")).st_mode & 07777, 0777U);
  EXPECT_EQ(info(at("/d")).st_mtim.tv_sec, 1000);
  make_directory(root_.get(), {.path = "/d", .mode = 0700});
  EXPECT_EQ(info(at("/d")).st_mode & 07777, 0777U) << "what is there stays";
}

TEST_F(FileActionsTest, MakesParentsOnlyWhenAsked) {
  EXPECT_NE(failure([&] { make_directory(root_.get(), {.path = "/a/b"}); }), "no failure");
  make_directory(root_.get(), {.path = "/a/b", .mode = 0711, .make_parents = true, .timestamp = 2'000'000'000});
  EXPECT_EQ(info(at("/a")).st_mode & 07777, 0711U);
  EXPECT_EQ(info(at("/a")).st_mtim.tv_sec, 2);
  EXPECT_EQ(info(at("/a/b")).st_mtim.tv_sec, 2);
}

TEST_F(FileActionsTest, GivesMadeDirectoriesAndFilesTheirOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  make_directory(root_.get(), {.path = "/a/b", .make_parents = true, .owner = Owner{5, 6}});
  make_file(root_.get(), {.path = "/a/f", .data = "x", .owner = Owner{7, 8}});
  make_symlink(root_.get(), {.target = "f", .path = "/a/l", .owner = Owner{9, 10}});
  EXPECT_EQ(info(at("/a")).st_uid, 5U);
  EXPECT_EQ(info(at("/a/b")).st_gid, 6U);
  EXPECT_EQ(info(at("/a/f")).st_uid, 7U);
  EXPECT_EQ(info(at("/a/l")).st_gid, 10U);
}

TEST_F(FileActionsTest, DirectoriesAreMadeWhereLinksLeadInsideTheRoot) {
  make_symlink(root_.get(), {.target = "/real", .path = "/l"});
  make_directory(root_.get(), {.path = "/l/d", .make_parents = true});
  EXPECT_TRUE(S_ISDIR(info(at("/real/d")).st_mode));
  make_symlink(root_.get(), {.target = "../../../up", .path = "/u"});
  make_directory(root_.get(), {.path = "/u", .make_parents = true});
  EXPECT_TRUE(S_ISDIR(info(at("/up")).st_mode));
}

TEST_F(FileActionsTest, WritesFilesAndFollowsLinks) {
  make_file(root_.get(), {.path = "f", .mode = 0640, .data = std::string_view("a\0b", 3), .timestamp = 3'000'000'000});
  EXPECT_EQ(base::read_file(at("/f")), std::string("a\0b", 3));
  EXPECT_EQ(info(at("/f")).st_mode & 07777, 0640U);
  EXPECT_EQ(info(at("/f")).st_mtim.tv_sec, 3);
  make_symlink(root_.get(), {.target = "f", .path = "/l"});
  make_file(root_.get(), {.path = "/l", .mode = 0777, .data = "new"});
  EXPECT_EQ(base::read_file(at("/f")), "new");
  EXPECT_EQ(info(at("/f")).st_mode & 07777, 0640U) << "a file that is there keeps its mode";
  EXPECT_EQ(failure([&] { make_file(root_.get(), {.path = "/no/f"}); }),
            "make file /no/f: open /no: No such file or directory");
}

TEST_F(FileActionsTest, RemovesFilesAndTreesButNotWhatLinksPointTo) {
  make_directory(root_.get(), {.path = "/d/e", .make_parents = true});
  make_file(root_.get(), {.path = "/d/e/f"});
  make_symlink(root_.get(), {.target = "/d", .path = "/l"});
  remove_path(root_.get(), {.path = "/l"});
  EXPECT_TRUE(base::exists(at("/d/e/f")));
  remove_path(root_.get(), {.path = "d"});
  EXPECT_FALSE(base::exists(at("/d")));
}

TEST_F(FileActionsTest, RemovingWhatIsNotThereIsAnErrorUnlessAllowed) {
  EXPECT_EQ(failure([&] { remove_path(root_.get(), {.path = "/x"}); }), "remove /x: no such file or directory");
  EXPECT_EQ(failure([&] { remove_path(root_.get(), {.path = "/x/y", .allow_not_found = true}); }), "no failure");
  EXPECT_NE(failure([&] { remove_path(root_.get(), {.path = "/", .allow_not_found = true}); }), "no failure");
  EXPECT_NE(failure([&] { remove_path(root_.get(), {.path = "/..", .allow_not_found = true}); }), "no failure");
}

TEST_F(FileActionsTest, RemovesWhatMatches) {
  for (const char* path : {"/a1", "/a2", "/b1"}) make_file(root_.get(), {.path = path});
  make_symlink(root_.get(), {.target = "/b1", .path = "/a3"});
  remove_path(root_.get(), {.path = "/a*", .allow_wildcard = true});
  EXPECT_EQ(base::list_directory(root_.get()), (std::vector<std::string>{"b1"}));
  remove_path(root_.get(), {.path = "/none*", .allow_wildcard = true});
}

TEST_F(FileActionsTest, MakesLinksAsWrittenAndNotTwice) {
  make_symlink(root_.get(), {.target = "../any where", .path = "l", .timestamp = 4'000'000'000});
  EXPECT_EQ(base::read_link_at(root_.get(), "l"), "../any where");
  EXPECT_EQ(info(at("/l")).st_mtim.tv_sec, 4);
  make_file(root_.get(), {.path = "/f"});
  EXPECT_EQ(failure([&] { make_symlink(root_.get(), {.target = "t", .path = "/f"}); }), "symlink /f to t: File exists");
}

}  // namespace
}  // namespace ops
