// SPDX-License-Identifier: Apache-2.0
#include "ops/copy.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to change owners and make devices"

/// Two roots: `from` and `to`.
/// With the parameter, everything new is filled as a layer directory is, past the overlay (here: itself).
class CopyTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ::umask(0);
    base::make_directories(from_);
    base::make_directories(to_);
  }

  void file(const std::string& path, const std::string& text = "text", mode_t mode = 0644) {
    base::make_directories(base::dir_name(path));
    base::write_file_atomic(path, text, base::Durable::no, mode);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  void link(const std::string& target, const std::string& path) {
    base::make_directories(base::dir_name(path));
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  }
  static void set_time(const std::string& path, time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  static struct stat stat_of_nothing() { return {}; }
  static struct stat info(const std::string& path) {
    const auto found = base::lstat_if_exists(path);
    if (!found) ADD_FAILURE() << path << " is not there";
    return found.value_or(stat_of_nothing());
  }
  static mode_t mode(const std::string& path) { return info(path).st_mode & 07777; }
  std::string at(const std::string& path) const { return to_ + path; }
  std::string src(const std::string& path) const { return from_ + path; }

  void copy(const CopyRequest& request, CopySource::Kind kind = CopySource::Kind::frozen) {
    CopySource source;
    source.kind = kind;
    source.includes = includes_;
    source.excludes = excludes_;
    const base::Fd from = base::open_directory(from_);
    const base::Fd to = base::open_directory(to_);
    source.root = from.get();
    copy_files(source, {to.get(), GetParam() ? to.get() : -1}, request, {});
  }
  /// As the frontend asks for COPY.
  static CopyRequest request(const std::string& from, const std::string& dest) {
    CopyRequest made;
    made.src = from;
    made.dest = dest;
    made.follow_symlink = made.dir_copy_contents = made.create_dest_path = true;
    made.allow_wildcard = made.allow_empty_wildcard = true;
    return made;
  }
  std::string failure(const CopyRequest& asked) {
    try {
      copy(asked);
    } catch (const base::Error& error) {
      return error.text();
    }
    return "no failure";
  }
  /// Every path below `to`, directories with a slash.
  std::vector<std::string> tree(const std::string& below = "") {
    std::vector<std::string> paths;
    for (const auto& name : base::list_directory(to_ + below)) {
      const std::string path = below + "/" + name;
      const bool directory = S_ISDIR(info(to_ + path).st_mode);
      paths.push_back(path + (directory ? "/" : ""));
      if (directory) {
        for (auto& inner : tree(path)) paths.push_back(std::move(inner));
      }
    }
    return paths;
  }

  base::TemporaryDirectory root_;
  std::string from_ = root_.path() + "/from";
  std::string to_ = root_.path() + "/to";
  std::vector<std::string> includes_;
  std::vector<std::string> excludes_;
};

TEST_P(CopyTest, AFileToAPathAndIntoADirectory) {
  file(src("/a.txt"), "hello", 0640);
  set_time(src("/a.txt"), 1000);
  copy(request("/a.txt", "/x/y"));
  copy(request("/a.txt", "/dir/"));
  copy(request("/a.txt", "/dir/."));
  copy(request("/a.txt", "/dir"));
  EXPECT_THAT(tree(), ElementsAre("/dir/", "/dir/a.txt", "/x/", "/x/y"));
  EXPECT_EQ(base::read_file(at("/x/y")), "hello");
  EXPECT_EQ(mode(at("/x/y")), 0640U);
  EXPECT_EQ(info(at("/x/y")).st_mtim.tv_sec, 1000);
  EXPECT_EQ(mode(at("/x")), 0755U);
}

TEST_P(CopyTest, ADirectoryGivesItsContents) {
  file(src("/d/f"));
  file(src("/d/sub/g"));
  ASSERT_EQ(::chmod(src("/d").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(src("/d/sub").c_str(), 01770), 0);
  set_time(src("/d/sub"), 2000);
  set_time(src("/d"), 3000);
  copy(request("/d", "/x"));
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/f", "/x/sub/", "/x/sub/g"));
  EXPECT_EQ(mode(at("/x")), 0755U) << "the copied directory's own mode is not taken";
  EXPECT_EQ(mode(at("/x/sub")), 01770U);
  EXPECT_EQ(info(at("/x/sub")).st_mtim.tv_sec, 2000) << "set after its content was";
  EXPECT_EQ(info(at("/x")).st_mtim.tv_sec, 3000);
}

TEST_P(CopyTest, ADirectoryItselfWhenItsContentsAreNotAskedFor) {
  file(src("/d/f"));
  ASSERT_EQ(::chmod(src("/d").c_str(), 0711), 0);
  auto asked = request("/d", "/new");
  asked.dir_copy_contents = false;
  copy(asked);
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/new/", "/new/d/", "/new/d/f", "/new/f"));
  EXPECT_EQ(mode(at("/new")), 0711U);
}

TEST_P(CopyTest, ExistingNestedDirectoriesTakeTheSourcesModeTheTopOneDoesNot) {
  file(src("/d/sub/g"));
  ASSERT_EQ(::chmod(src("/d/sub").c_str(), 0750), 0);
  file(at("/x/sub/old"));
  ASSERT_EQ(::chmod(at("/x").c_str(), 0777), 0);
  ASSERT_EQ(::chmod(at("/x/sub").c_str(), 0777), 0);
  copy(request("/d", "/x"));
  EXPECT_EQ(mode(at("/x")), 0777U);
  EXPECT_EQ(mode(at("/x/sub")), 0750U);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/sub/", "/x/sub/g", "/x/sub/old"));
}

TEST_P(CopyTest, FilesReplaceFilesAndLinksButNotDirectories) {
  file(src("/d/f"), "new");
  file(src("/d/l"), "new");
  file(at("/x/f"), "old");
  link("/elsewhere", at("/x/l"));
  copy(request("/d", "/x"));
  EXPECT_EQ(base::read_file(at("/x/f")), "new");
  EXPECT_TRUE(S_ISREG(info(at("/x/l")).st_mode));
  file(at("/y/f/inner"));
  EXPECT_EQ(failure(request("/d", "/y")), "copy file /y/f: cannot replace to directory /y/f with file");
}

TEST_P(CopyTest, ANestedDirectoryOntoALinkIsRefused) {
  file(src("/d/sub/f"));
  base::make_directories(at("/x/real"));
  link("real", at("/x/sub"));
  EXPECT_EQ(failure(request("/d", "/x")), "cannot copy to non-directory: /x/sub");
}

TEST_P(CopyTest, ReplacesWhateverIsInTheWayWhenAsked) {
  file(src("/d/sub/f"));
  file(src("/d/file"));
  base::make_directories(at("/x/real"));
  link("real", at("/x/sub"));
  file(at("/x/file/inner"));
  auto asked = request("/d", "/x");
  asked.always_replace_existing_dest_paths = true;
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/file", "/x/real/", "/x/sub/", "/x/sub/f"));
}

TEST_P(CopyTest, FollowsTheLastLinkOfASourceButNoneInside) {
  file(src("/real/f"));
  link("f", src("/real/inner"));
  link("/real", src("/dirlink"));
  link("real/f", src("/filelink"));
  copy(request("/dirlink", "/a"));
  copy(request("/filelink", "/b"));
  EXPECT_THAT(tree(), ElementsAre("/a/", "/a/f", "/a/inner", "/b"));
  EXPECT_TRUE(S_ISREG(info(at("/b")).st_mode));
  EXPECT_EQ(base::read_link_at(AT_FDCWD, at("/a/inner")), "f");
}

TEST_P(CopyTest, KeepsALinkWhenNotAskedToFollow) {
  link("nowhere", src("/l"));
  auto asked = request("/l", "/l");
  asked.follow_symlink = false;
  copy(asked);
  EXPECT_EQ(base::read_link_at(AT_FDCWD, at("/l")), "nowhere");
}

TEST_P(CopyTest, NoLinkLeadsOutOfEitherRoot) {
  base::make_directories(root_.path() + "/outside");
  base::write_file_atomic(root_.path() + "/outside/secret", "s");
  link("../../outside/secret", src("/up"));
  link(root_.path() + "/outside/secret", src("/absolute"));
  EXPECT_EQ(failure(request("/up", "/x")), "\"/up\": not found");
  EXPECT_EQ(failure(request("/absolute", "/x")), "\"/absolute\": not found");
  file(src("/f"));
  link("../../outside", at("/out"));
  copy(request("/f", "/out/f"));
  EXPECT_FALSE(base::exists(root_.path() + "/outside/f"));
  EXPECT_TRUE(base::exists(at("/outside/f")));
}

TEST_P(CopyTest, FollowsLinksOfTheDestination) {
  file(src("/f"));
  link("/real/deep", at("/l"));
  copy(request("/f", "/l/f"));
  EXPECT_THAT(tree(), ElementsAre("/l", "/real/", "/real/deep/", "/real/deep/f"));
}

TEST_P(CopyTest, AMissingSourceIsAnErrorAWildcardWithoutMatchIsNot) {
  file(src("/f"));
  EXPECT_EQ(failure(request("/no/such", "/x")), "\"/no/such\": not found");
  EXPECT_TRUE(base::list_directory(to_).empty() || !base::exists(at("/x")));
  copy(request("/*.none", "/y/"));
  EXPECT_FALSE(base::exists(at("/y")));
  auto asked = request("/*.none", "/y/");
  asked.allow_empty_wildcard = false;
  EXPECT_EQ(failure(asked), "\"/*.none\": not found");
}

TEST_P(CopyTest, WildcardsMatchPathElementsAndFollowLinks) {
  for (const char* path : {"/a/x", "/b/x", "/b/y", "/c/d/x", "/x"}) file(src(path), path);
  link("b", src("/bl"));
  copy(request("/*/x", "/one/"));
  copy(request("/b*", "/two/"));
  EXPECT_THAT(tree(), ElementsAre("/one/", "/one/x", "/two/", "/two/x", "/two/y"));
  EXPECT_EQ(base::read_file(at("/one/x")), "/b/x") << "the last match wins";
}

TEST_P(CopyTest, AnEscapedWildcardIsALiteralName) {
  file(src("/[a]"));
  copy(request("/[[]a]", "/x/"));
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/[a]"));
}

TEST_P(CopyTest, ExcludesAndTakesBackIn) {
  for (const char* path : {"/d/a.md", "/d/a.txt", "/d/s/b.md", "/d/s/c.txt", "/d/s/keep.md", "/d/empty/x.md"})
    file(src(path));
  auto asked = request("/d", "/x");
  asked.exclude_patterns = {"**/*.md", "!s/keep.md"};
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/a.txt", "/x/empty/", "/x/s/", "/x/s/c.txt", "/x/s/keep.md"));
}

TEST_P(CopyTest, AnExcludedDirectoryIsMadeOnlyForWhatIsTakenBackIn) {
  for (const char* path : {"/d/no/a", "/d/yes/a", "/d/yes/b"}) file(src(path));
  auto asked = request("/d", "/x");
  asked.exclude_patterns = {"no", "yes", "!yes/b"};
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/yes/", "/x/yes/b"));
}

TEST_P(CopyTest, IncludesMakeParentsLikeTheSources) {
  for (const char* path : {"/a/b/c", "/a/b/other", "/a/z/c", "/top"}) file(src(path));
  ASSERT_EQ(::chmod(src("/a/b").c_str(), 0711), 0);
  set_time(src("/a/b"), 4000);
  auto asked = request("/", "/x/");
  asked.include_patterns = {"a/b/c"};
  asked.required_paths = {"/a/b/c"};
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/a/", "/x/a/b/", "/x/a/b/c"));
  EXPECT_EQ(mode(at("/x/a/b")), 0711U);
  EXPECT_EQ(info(at("/x/a/b")).st_mtim.tv_sec, 4000);
}

TEST_P(CopyTest, ARequiredPathThatIsMissingOrExcludedIsAnError) {
  file(src("/a/b"));
  auto asked = request("/", "/x/");
  asked.include_patterns = {"a/c"};
  asked.required_paths = {"/a/c"};
  EXPECT_EQ(failure(asked), "\"/a/c\": not found");
  asked.include_patterns = {"a/b"};
  asked.required_paths = {"/a/b"};
  asked.exclude_patterns = {"a"};
  EXPECT_EQ(failure(asked), "\"/a/b\": not found");
}

TEST_P(CopyTest, AMalformedPatternIsAnError) {
  file(src("/a"));
  auto asked = request("/", "/x/");
  asked.exclude_patterns = {"[a"};
  EXPECT_THAT(failure(asked), HasSubstr("exclude patterns"));
}

TEST_P(CopyTest, OctalModesGoToEverythingThatIsMade) {
  file(src("/d/s/f"));
  link("f", src("/d/l"));
  auto asked = request("/d", "/made/x");
  asked.mode = 02640;
  copy(asked);
  EXPECT_EQ(mode(at("/made")), 0640U);
  EXPECT_EQ(mode(at("/made/x")), 0640U);
  EXPECT_EQ(mode(at("/made/x/s")), 02640U);
  EXPECT_EQ(mode(at("/made/x/s/f")), 02640U);
}

TEST_P(CopyTest, SymbolicModesChangeWhatIsCopiedAlone) {
  file(src("/d/s/f"), "x", 0600);
  file(src("/d/s/run"), "x", 0700);
  auto asked = request("/d", "/x");
  asked.mode_str = "go=u,a-w";
  asked.mode = 0777;
  copy(asked);
  EXPECT_EQ(mode(at("/x")), 0755U);
  EXPECT_EQ(mode(at("/x/s")), 0555U);
  EXPECT_EQ(mode(at("/x/s/f")), 0444U);
  EXPECT_EQ(mode(at("/x/s/run")), 0555U);
  asked.mode_str = "u+q";
  EXPECT_THAT(failure(asked), HasSubstr("invalid mode \"u+q\""));
}

TEST_P(CopyTest, SetIdBitsSurviveAChangeOfOwner) {
  NEEDS_ROOT();
  file(src("/f"), "x", 06755);
  auto asked = request("/f", "/p/f");
  asked.owner = Owner{1000, 1001};
  copy(asked);
  EXPECT_EQ(mode(at("/p/f")), 06755U);
  EXPECT_EQ(info(at("/p/f")).st_uid, 1000U);
  EXPECT_EQ(info(at("/p/f")).st_gid, 1001U);
  EXPECT_EQ(info(at("/p")).st_uid, 1000U) << "made parents belong to the same owner";
}

TEST_P(CopyTest, KeepsOwnersOfAFrozenTreeAndNotOfALiveOne) {
  NEEDS_ROOT();
  file(src("/d/f"));
  ASSERT_EQ(::chown(src("/d/f").c_str(), 7, 8), 0);
  copy(request("/d", "/frozen"));
  copy(request("/d", "/live"), CopySource::Kind::live);
  EXPECT_EQ(info(at("/frozen/f")).st_uid, 7U);
  EXPECT_EQ(info(at("/frozen/f")).st_gid, 8U);
  EXPECT_EQ(info(at("/live/f")).st_uid, 0U);
  EXPECT_EQ(info(at("/live/f")).st_gid, 0U);
}

TEST_P(CopyTest, KeepsAttributesOfAFrozenTreeAndNotOfALiveOne) {
  file(src("/d/s/f"));
  for (const char* path : {"/d/s/f", "/d/s"}) {
    if (::setxattr(src(path).c_str(), "user.note", "n", 1, 0) != 0) GTEST_SKIP() << "no user attributes here";
  }
  copy(request("/d", "/frozen"));
  copy(request("/d", "/live"), CopySource::Kind::live);
  char value[8];
  EXPECT_EQ(::getxattr(at("/frozen/s/f").c_str(), "user.note", value, sizeof value), 1);
  EXPECT_EQ(::getxattr(at("/frozen/s").c_str(), "user.note", value, sizeof value), 1);
  EXPECT_LT(::getxattr(at("/live/s/f").c_str(), "user.note", value, sizeof value), 0);
}

TEST_P(CopyTest, KeepsCapabilitiesOfAFrozenTreeAlsoWithANewOwner) {
  NEEDS_ROOT();
  file(src("/f"), "x", 0755);
  const unsigned char capability[20] = {1, 0, 0, 2, 0, 4};
  ASSERT_EQ(::setxattr(src("/f").c_str(), "security.capability", capability, sizeof capability, 0), 0);
  auto asked = request("/f", "/f");
  asked.owner = Owner{1000, 1000};
  copy(asked);
  unsigned char value[32];
  EXPECT_EQ(::getxattr(at("/f").c_str(), "security.capability", value, sizeof value), 20);
}

TEST_P(CopyTest, KeepsHardLinksWithinOneSource) {
  file(src("/d/a/one"));
  base::make_directories(src("/d/b"));
  ASSERT_EQ(::link(src("/d/a/one").c_str(), src("/d/b/two").c_str()), 0);
  ASSERT_EQ(::link(src("/d/a/one").c_str(), src("/outside").c_str()), 0);
  file(at("/x/b/two"), "in the way");
  copy(request("/d", "/x"));
  EXPECT_EQ(info(at("/x/a/one")).st_ino, info(at("/x/b/two")).st_ino);
  EXPECT_EQ(info(at("/x/a/one")).st_nlink, 2U);
  copy(request("/outside", "/y/"));
  EXPECT_EQ(info(at("/y/outside")).st_nlink, 1U);
}

TEST_P(CopyTest, CopiesPipesAndSocketsAsEmptyFiles) {
  base::make_directories(src("/d"));
  ASSERT_EQ(::mkfifo(src("/d/pipe").c_str(), 0640), 0);
  ASSERT_EQ(::mknod(src("/d/socket").c_str(), S_IFSOCK | 0755, 0), 0);
  copy(request("/d", "/x"), CopySource::Kind::live);
  EXPECT_TRUE(S_ISFIFO(info(at("/x/pipe")).st_mode));
  EXPECT_EQ(mode(at("/x/pipe")), 0640U);
  EXPECT_TRUE(S_ISREG(info(at("/x/socket")).st_mode));
  EXPECT_EQ(mode(at("/x/socket")), 0755U);
  EXPECT_EQ(info(at("/x/socket")).st_size, 0);
}

TEST_P(CopyTest, CopiesDevices) {
  NEEDS_ROOT();
  base::make_directories(src("/d"));
  if (::mknod(src("/d/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
      ::mknod(src("/d/loop").c_str(), S_IFBLK | 0660, makedev(7, 3)) != 0) {
    GTEST_SKIP() << "devices cannot be made here";
  }
  copy(request("/d", "/x"));
  EXPECT_TRUE(S_ISCHR(info(at("/x/null")).st_mode));
  EXPECT_EQ(info(at("/x/null")).st_rdev, makedev(1, 3));
  EXPECT_TRUE(S_ISBLK(info(at("/x/loop")).st_mode));
  EXPECT_EQ(info(at("/x/loop")).st_rdev, makedev(7, 3));
}

TEST_P(CopyTest, ATimestampGoesToEverythingThatIsMade) {
  file(src("/d/s/f"));
  link("f", src("/d/l"));
  auto asked = request("/d", "/p/x");
  asked.timestamp = 1'500'000'000'250'000'000;
  copy(asked);
  for (const char* path : {"/p", "/p/x", "/p/x/s", "/p/x/s/f", "/p/x/l"}) {
    EXPECT_EQ(info(at(path)).st_mtim.tv_sec, 1'500'000'000) << path;
    EXPECT_EQ(info(at(path)).st_mtim.tv_nsec, 250'000'000) << path;
  }
}

TEST_P(CopyTest, WithoutCreatePathTheDirectoryAboveMustBeThere) {
  file(src("/f"));
  auto asked = request("/f", "/no/f");
  asked.create_dest_path = false;
  EXPECT_THAT(failure(asked), HasSubstr("failed to stat /no/f"));
  asked.dest = "/f";
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/f"));
}

TEST_P(CopyTest, AFileInTheWayOfADirectoryIsAnError) {
  file(src("/f"));
  file(at("/file"));
  EXPECT_EQ(failure(request("/f", "/file/f")), "mkdir /file: Not a directory");
}

TEST_P(CopyTest, TheViewHidesWhatTheContextIgnores) {
  for (const char* path : {"/src/a", "/src/b.log", "/node_modules/x", "/keep/x", "/other"}) file(src(path));
  excludes_ = {"*.log", "**/*.log", "node_modules", "other"};
  copy(request("/", "/x/"), CopySource::Kind::live);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/keep/", "/x/keep/x", "/x/src/", "/x/src/a"));
  EXPECT_EQ(failure(request("/other", "/y")), "\"/other\": not found");
  EXPECT_EQ(failure(request("/node_modules/x", "/y")), "\"/node_modules/x\": not found");
}

TEST_P(CopyTest, TheViewShowsDirectoriesThatHoldSomethingTakenBackIn) {
  for (const char* path : {"/a/b/yes", "/a/b/no", "/a/c/no"}) file(src(path));
  excludes_ = {"*", "!a/b/yes"};
  copy(request("/", "/x/"), CopySource::Kind::live);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/a/", "/x/a/b/", "/x/a/b/yes"));
  copy(request("/a", "/y"), CopySource::Kind::live);
  EXPECT_TRUE(base::exists(at("/y/b/yes")));
  EXPECT_EQ(failure(request("/a/c", "/z")), "\"/a/c\": not found");
}

TEST_P(CopyTest, TheViewShowsOnlyWhatIsIncluded) {
  for (const char* path : {"/a/b/yes", "/a/no", "/c/no"}) file(src(path));
  includes_ = {"a/b"};
  copy(request("/", "/x/"), CopySource::Kind::live);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/a/", "/x/a/b/", "/x/a/b/yes"));
}

TEST_P(CopyTest, AnEmptyTreeHasARootAndNothingElse) {
  const base::Fd to = base::open_directory(to_);
  copy_files({}, to.get(), request("/", "/x/"), {});
  EXPECT_THAT(tree(), ElementsAre("/x/"));
  EXPECT_THROW(copy_files({}, to.get(), request("/f", "/x/"), {}), base::Error);
}

TEST_P(CopyTest, UnpacksArchivesAndCopiesWhatIsNone) {
  file(src("/plain.tar"), "no archive at all");
  auto asked = request("/plain.tar", "/x/");
  asked.attempt_unpack = true;
  copy(asked);
  EXPECT_THAT(tree(), ElementsAre("/x/", "/x/plain.tar"));
}

TEST_P(CopyTest, ManyFilesAndBigOnesArriveWhole) {
  std::string big(3 << 20, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 + i / 4096);
  file(src("/d/big"), big);
  for (int i = 0; i < 700; ++i) file(src("/d/" + std::to_string(i % 13) + "/" + std::to_string(i)), std::to_string(i));
  for (int i = 0; i < 13; ++i) set_time(src("/d/" + std::to_string(i)), 5000 + i);
  copy(request("/d", "/x"));
  EXPECT_EQ(base::read_file(at("/x/big")), big);
  for (int i = 0; i < 700; ++i) {
    EXPECT_EQ(base::read_file(at("/x/" + std::to_string(i % 13) + "/" + std::to_string(i))), std::to_string(i));
  }
  for (int i = 0; i < 13; ++i) EXPECT_EQ(info(at("/x/" + std::to_string(i))).st_mtim.tv_sec, 5000 + i);
}

TEST_P(CopyTest, AFailureAmongManyFilesEndsTheCopy) {
  for (int i = 0; i < 700; ++i) file(src("/d/" + std::to_string(i % 13) + "/" + std::to_string(i)));
  file(at("/x/7/20/inner"));
  EXPECT_EQ(failure(request("/d", "/x")), "copy file /x/7/20: cannot replace to directory /x/7/20 with file");
}

TEST_P(CopyTest, AStopEndsTheCopy) {
  for (int i = 0; i < 100; ++i) file(src("/d/" + std::to_string(i)));
  std::stop_source stop;
  stop.request_stop();
  CopySource source;
  const base::Fd from = base::open_directory(from_);
  const base::Fd to = base::open_directory(to_);
  source.root = from.get();
  EXPECT_THROW(copy_files(source, to.get(), request("/d", "/x"), stop.get_token()), base::Cancelled);
}

TEST_P(CopyTest, NamesAreBytes) {
  const std::string odd = "/d/\xff\xfe \n\"*\\";
  file(src(odd));
  copy(request("/d", "/x"));
  EXPECT_TRUE(base::exists(at("/x/\xff\xfe \n\"*\\")));
}

TEST_P(CopyTest, CopyTreeKeepsTheRootsOwnMetadataToo) {
  file(src("/f"));
  ASSERT_EQ(::chmod(from_.c_str(), 0710), 0);
  set_time(from_, 6000);
  const base::Fd from = base::open_directory(from_);
  const base::Fd to = base::open_directory(to_);
  copy_tree(from.get(), to.get(), {});
  EXPECT_EQ(mode(to_), 0710U);
  EXPECT_EQ(info(to_).st_mtim.tv_sec, 6000);
  EXPECT_THAT(tree(), ElementsAre("/f"));
}

INSTANTIATE_TEST_SUITE_P(PastTheOverlay, CopyTest, ::testing::Bool(), ::testing::PrintToStringParamName());

}  // namespace
}  // namespace ops
