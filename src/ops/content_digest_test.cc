// SPDX-License-Identifier: Apache-2.0
#include "ops/content_digest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace ops {
namespace {

class ContentDigestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::umask(022);
    file("/d/a", "one");
    file("/d/s/b", "two");
    file("/e", "three");
  }
  void file(const std::string& path, const std::string& text) {
    base::make_directories(base::dir_name(at(path)));
    base::write_file_atomic(at(path), text);
  }
  std::string at(const std::string& path) const { return directory_.path() + path; }

  base::Digest digest(const Selection& selection, CopySource::Kind kind = CopySource::Kind::frozen) {
    return digest(std::vector<Selection>{selection}, kind);
  }
  base::Digest digest(const std::vector<Selection>& selections, CopySource::Kind kind = CopySource::Kind::frozen) {
    const base::Fd root = base::open_directory(directory_.path());
    CopySource source;
    source.root = root.get();
    source.kind = kind;
    source.excludes = excludes_;
    return content_digest(source, selections, pool_, {});
  }
  /// Whether `change` gives `selection` another digest.
  bool changes(const Selection& selection, const std::function<void()>& change) {
    const auto before = digest(selection);
    EXPECT_EQ(before, digest(selection)) << "the same twice";
    change();
    return digest(selection) != before;
  }

  base::TemporaryDirectory directory_;
  base::ThreadPool pool_{"hash", 3};
  std::vector<std::string> excludes_;
  const Selection dir_ = Selection::whole("/d");
};

TEST_F(ContentDigestTest, CountsBytesNamesModesAndTypes) {
  EXPECT_TRUE(changes(dir_, [&] { file("/d/s/b", "TWO"); }));
  EXPECT_TRUE(changes(dir_, [&] { ASSERT_EQ(::rename(at("/d/a").c_str(), at("/d/z").c_str()), 0); }));
  EXPECT_TRUE(changes(dir_, [&] { ASSERT_EQ(::chmod(at("/d/z").c_str(), 0664), 0); }));
  EXPECT_TRUE(changes(dir_, [&] { ASSERT_EQ(::chmod(at("/d/s").c_str(), 0700), 0); }));
  EXPECT_TRUE(changes(dir_, [&] { file("/d/new", ""); }));
  EXPECT_TRUE(changes(dir_, [&] { base::make_directories(at("/d/empty")); }));
  EXPECT_TRUE(changes(dir_, [&] { ASSERT_EQ(::symlink("a", at("/d/l").c_str()), 0); }));
  EXPECT_TRUE(changes(dir_, [&] {
    ASSERT_EQ(::unlink(at("/d/l").c_str()), 0);
    ASSERT_EQ(::symlink("b", at("/d/l").c_str()), 0);
  }));
  EXPECT_TRUE(changes(dir_, [&] {
    ASSERT_EQ(::unlink(at("/d/new").c_str()), 0);
    ASSERT_EQ(::mkfifo(at("/d/new").c_str(), 0644), 0);
  }));
}

TEST_F(ContentDigestTest, CountsNoTimesAndNothingOutsideTheSelection) {
  EXPECT_FALSE(changes(dir_, [&] {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, at("/d/a").c_str(), times, 0), 0);
    ASSERT_EQ(::utimensat(AT_FDCWD, at("/d").c_str(), times, 0), 0);
  }));
  EXPECT_FALSE(changes(dir_, [&] { file("/e", "changed"); }));
  EXPECT_FALSE(changes(dir_, [&] { file("/dd", "new"); }));
}

TEST_F(ContentDigestTest, CountsOwnersOfAFrozenTreeAndNotOfALiveOne) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto live = digest(dir_, CopySource::Kind::live);
  EXPECT_EQ(live, digest(dir_)) << "as long as all is root's";
  EXPECT_TRUE(changes(dir_, [&] { ASSERT_EQ(::chown(at("/d/a").c_str(), 3, 4), 0); }));
  EXPECT_EQ(digest(dir_, CopySource::Kind::live), live);
}

TEST_F(ContentDigestTest, CountsCapabilities) {
  const unsigned char capability[20] = {1, 0, 0, 2, 0, 4};
  const auto live = digest(dir_, CopySource::Kind::live);
  const auto before = digest(dir_);
  if (::setxattr(at("/d/a").c_str(), "security.capability", capability, sizeof capability, 0) != 0) {
    GTEST_SKIP() << "capabilities cannot be set here";
  }
  EXPECT_NE(digest(dir_), before);
  EXPECT_EQ(digest(dir_, CopySource::Kind::live), live);
}

TEST_F(ContentDigestTest, AnEqualTreeElsewhereIsEqual) {
  file("/other/name/a", "one");
  file("/other/name/s/b", "two");
  EXPECT_EQ(digest(Selection::whole("/other/name")), digest(dir_));
  file("/copy of e", "three");
  EXPECT_EQ(digest(Selection::whole("/e")), digest(Selection::whole("/copy of e")));
  EXPECT_NE(digest(Selection::whole("/e")), digest(Selection::whole("/d/a")));
}

TEST_F(ContentDigestTest, FollowsTheSelectedLinkWhenAsked) {
  ASSERT_EQ(::symlink("/d", at("/l").c_str()), 0);
  EXPECT_EQ(digest(Selection::whole("/l")), digest(dir_));
  const Selection link{.path = "/l"};
  EXPECT_NE(digest(link), digest(dir_));
  EXPECT_FALSE(changes(link, [&] { file("/d/a", "changed"); }));
}

TEST_F(ContentDigestTest, WildcardsCountWithTheNamesTheyMatch) {
  const Selection wild{.path = "/d/*", .wildcard = true, .follow_links = true};
  EXPECT_TRUE(changes(wild, [&] { file("/d/c", "new match"); }));
  EXPECT_TRUE(changes(wild, [&] { ASSERT_EQ(::rename(at("/d/c").c_str(), at("/d/x").c_str()), 0); }));
  const Selection none{.path = "/none*", .wildcard = true};
  EXPECT_FALSE(changes(none, [&] { file("/d/c", "no match"); }));
  EXPECT_TRUE(changes(none, [&] { file("/none at all", ""); }));
}

TEST_F(ContentDigestTest, PatternsDecideWhatCounts) {
  Selection filtered = dir_;
  filtered.excludes = {"**/b"};
  EXPECT_FALSE(changes(filtered, [&] { file("/d/s/b", "changed"); }));
  EXPECT_TRUE(changes(filtered, [&] { file("/d/s/c", "new"); }));
  Selection included{.path = "/", .follow_links = true, .includes = {"d/a"}};
  EXPECT_FALSE(changes(included, [&] { file("/d/s/b", "again"); }));
  EXPECT_TRUE(changes(included, [&] { file("/d/a", "again"); }));
  EXPECT_TRUE(changes(included, [&] { ASSERT_EQ(::chmod(at("/d").c_str(), 0711), 0); })) << "a parent that gets copied";
}

TEST_F(ContentDigestTest, TheViewDecidesWhatIsThere) {
  excludes_ = {"d/s"};
  const auto hidden = digest(dir_);
  base::remove_tree(at("/d/s"));
  EXPECT_EQ(digest(dir_), hidden);
}

TEST_F(ContentDigestTest, TheRootsOwnModeDoesNotCount) {
  EXPECT_FALSE(changes(Selection::whole("/"), [&] { ASSERT_EQ(::chmod(directory_.path().c_str(), 0711), 0); }));
}

TEST_F(ContentDigestTest, SelectionsDoNotRunIntoEachOther) {
  file("/x/a", "one");
  file("/y/a", "one");
  const auto split = digest({Selection::whole("/x"), Selection::whole("/y")});
  EXPECT_NE(split, digest({Selection::whole("/x")}));
  EXPECT_NE(digest({Selection::whole("/d"), Selection::whole("/e")}),
            digest({Selection::whole("/e"), Selection::whole("/d")}));
}

TEST_F(ContentDigestTest, AMissingPathIsNotFound) {
  try {
    digest(Selection::whole("/no/such"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::not_found);
    EXPECT_EQ(error.text(), "\"/no/such\": not found");
  }
}

TEST_F(ContentDigestTest, ASocketCountsAsTheEmptyFileItIsCopiedAs) {
  ASSERT_EQ(::mknod(at("/s1").c_str(), S_IFSOCK | 0644, 0), 0);
  file("/s2", "");
  ASSERT_EQ(::chmod(at("/s1").c_str(), 0644), 0);
  EXPECT_EQ(digest(Selection::whole("/s1")), digest(Selection::whole("/s2")));
}

TEST_F(ContentDigestTest, ManyFilesGiveOneDigestOnAnyNumberOfThreads) {
  for (int i = 0; i < 500; ++i) file("/m/" + std::to_string(i % 9) + "/" + std::to_string(i), std::to_string(i));
  const auto many = digest(Selection::whole("/m"));
  base::ThreadPool one("one", 1);
  const base::Fd root = base::open_directory(directory_.path());
  CopySource source;
  source.root = root.get();
  EXPECT_EQ(content_digest(source, {Selection::whole("/m")}, one, {}), many);
  EXPECT_TRUE(changes(Selection::whole("/m"), [&] { file("/m/3/3", "x"); }));
}

TEST_F(ContentDigestTest, AStopEndsIt) {
  std::stop_source stop;
  stop.request_stop();
  const base::Fd root = base::open_directory(directory_.path());
  CopySource source;
  source.root = root.get();
  EXPECT_THROW(content_digest(source, {dir_}, pool_, stop.get_token()), base::Cancelled);
}

/// Looks at the tree as at a context of the user's.
class LiveDigestTest : public ContentDigestTest {
 protected:
  LiveDigest look() {
    ContextIndex index({.directory = store_.path() + "/contexts", .boot = "one"});
    const base::Fd root = base::open_directory(directory_.path());
    return live_digest(source(root), {dir_}, pool_, *index.of(directory_.path()), {});
  }
  /// Until nothing is too young to be believed.
  LiveDigest settled() {
    for (;;) {
      const LiveDigest seen = look();
      if (seen.proof != Proof::racy) return seen;
      ::usleep(5000);
    }
  }
  CopySource source(const base::Fd& root) {
    CopySource source;
    source.root = root.get();
    source.kind = CopySource::Kind::live;
    return source;
  }
  base::Digest identity() {
    const base::Fd root = base::open_directory(directory_.path());
    return identity_digest(source(root), {dir_}, {});
  }

  base::TemporaryDirectory store_;
};

TEST_F(LiveDigestTest, IsThatOfTheBytesWhetherTheyAreReadOrKnown) {
  const auto read = digest(dir_, CopySource::Kind::live);
  const LiveDigest first = settled();
  EXPECT_EQ(first.content, read);
  EXPECT_EQ(first.identity, identity());
  const LiveDigest second = settled();
  EXPECT_EQ(second.content, read);
  EXPECT_EQ(second.identity, first.identity);
}

TEST_F(LiveDigestTest, SeesAnEditThatKeepsSizeAndTime) {
  const LiveDigest before = settled();
  struct stat info;
  ASSERT_EQ(::stat(at("/d/a").c_str(), &info), 0);
  const base::Fd fd = base::open_file(at("/d/a"), O_WRONLY);
  base::write_all(fd.get(), "eno");
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::futimens(fd.get(), times), 0);
  const LiveDigest after = settled();
  EXPECT_NE(after.content, before.content);
  EXPECT_NE(after.identity, before.identity);
}

TEST_F(LiveDigestTest, ATouchChangesTheIdentityAlone) {
  const LiveDigest before = settled();
  ASSERT_EQ(::utimensat(AT_FDCWD, at("/d/s/b").c_str(), nullptr, 0), 0);
  const LiveDigest after = settled();
  EXPECT_EQ(after.content, before.content);
  EXPECT_NE(after.identity, before.identity);
  file("/e", "not selected");
  EXPECT_EQ(identity(), after.identity);
}

}  // namespace
}  // namespace ops
