// SPDX-License-Identifier: Apache-2.0
#include "layer/tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace layer {
namespace {

using ::testing::ElementsAre;

class TreeTest : public ::testing::Test {
 protected:
  std::string at(const std::string& path) const { return room_.path() + "/" + path; }
  base::Fd root() const { return base::open_directory(room_.path()); }
  base::TemporaryDirectory room_;
};

TEST_F(TreeTest, WalksInTheOrderOfNamesWithDirectoriesFirst) {
  base::make_directories(at("a/b"));
  base::make_directories(at("B"));
  for (const auto* name : {"a.txt", "a/z", "a/b/c", "Z"}) base::write_file_atomic(at(name), "");
  std::vector<std::string> paths;
  walk_tree(root().get(), {.root = VisitRoot::yes}, [&](const TreeEntry& entry) {
    paths.push_back(entry.path());
    return Visit::go_on;
  });
  EXPECT_THAT(paths, ElementsAre("", "B", "Z", "a", "a/b", "a/b/c", "a/z", "a.txt"));
}

TEST_F(TreeTest, SkipsAndStops) {
  base::make_directories(at("a/in"));
  base::make_directories(at("b/in"));
  base::make_directories(at("c/in"));
  std::vector<std::string> paths;
  walk_tree(root().get(), {}, [&](const TreeEntry& entry) {
    paths.push_back(entry.path());
    if (entry.path() == "a") return Visit::skip_children;
    return entry.path() == "b/in" ? Visit::stop : Visit::go_on;
  });
  EXPECT_THAT(paths, ElementsAre("a", "b", "b/in"));
}

TEST_F(TreeTest, KnowsLinksAttributesAndTargets) {
  base::write_file_atomic(at("a"), "text");
  ASSERT_EQ(::link(at("a").c_str(), at("b").c_str()), 0);
  ASSERT_EQ(::symlink("/nowhere", at("l").c_str()), 0);
  ::setxattr(at("a").c_str(), "user.note", "1", 1, 0);
  walk_tree(root().get(), {}, [&](const TreeEntry& entry) {
    if (entry.path() == "a") {
      EXPECT_EQ(entry.first_link(), nullptr);
      EXPECT_EQ(entry.xattrs(), (Xattrs{{"user.note", "1"}}));
      EXPECT_EQ(base::read_all(entry.open().get()), "text");
    } else if (entry.path() == "b") {
      EXPECT_EQ(*entry.first_link(), "a");
    } else {
      EXPECT_EQ(entry.link_target(), "/nowhere");
      EXPECT_TRUE(entry.xattrs().empty());
    }
    return Visit::go_on;
  });
}

TEST_F(TreeTest, PathsMayBeLongerThanTheSystemsLimit) {
  const std::string name(200, 'n');
  auto directory = root();
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(::mkdirat(directory.get(), name.c_str(), 0755), 0);
    directory = base::Fd(::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  std::size_t longest = 0;
  walk_tree(root().get(), {}, [&](const TreeEntry& entry) {
    longest = entry.path().size();
    return Visit::go_on;
  });
  EXPECT_EQ(longest, 40u * 201 - 1);
}

TEST_F(TreeTest, OpeningAFifoForReadingDoesNotWait) {
  ASSERT_EQ(::mkfifo(at("p").c_str(), 0644), 0);
  EXPECT_TRUE(open_for_reading(root().get(), "p"));
  ASSERT_EQ(::symlink("p", at("l").c_str()), 0);
  EXPECT_THROW(open_for_reading(root().get(), "l"), base::Error);
}

TEST_F(TreeTest, LongAttributesAreReadWhole) {
  base::write_file_atomic(at("a"), "");
  const std::string value(2000, 'v');
  if (::setxattr(at("a").c_str(), "user.long", value.data(), value.size(), 0) != 0)
    GTEST_SKIP() << "no user attributes";
  EXPECT_EQ(read_xattr(root().get(), "a", "user.long"), value);
  EXPECT_FALSE(read_xattr(root().get(), "a", "user.other"));
  EXPECT_FALSE(read_xattr(root().get(), "missing", "user.long"));
}

TEST_F(TreeTest, StopsWhenAsked) {
  base::make_directories(at("a"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(walk_tree(root().get(), {.stop = stop.get_token()}, [](const auto&) { return Visit::go_on; }),
               base::Cancelled);
}

}  // namespace
}  // namespace layer
