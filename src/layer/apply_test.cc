// SPDX-License-Identifier: Apache-2.0
#include "layer/apply.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <random>

#include "base/error.h"
#include "base/file.h"
#include "layer/compress.h"
#include "layer/testing/tar_builder.h"
#include "layer/tree.h"

namespace layer {
namespace {

using testing::describe_tree;
using ::testing::ElementsAre;
using testing::TarBuilder;
using Lines = std::vector<std::string>;

class ApplyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for owners and devices";
    base::make_directories(layer());
    base::make_directories(room_.path() + "/outside");
  }

  std::string layer() const { return room_.path() + "/layer"; }

  Applied apply(const std::string& tar, const ApplyOptions& options = {}) {
    StringSource source(tar);
    const auto directory = base::open_directory(layer());
    return apply_blob(source, directory.get(), options, {});
  }

  struct stat stat_of(const std::string& path) const { return base::lstat_if_exists(layer() + "/" + path).value(); }

  base::TemporaryDirectory room_;
};

TEST_F(ApplyTest, MakesFilesWithOwnerModeAndTime) {
  const auto tar =
      TarBuilder()
          .add({.name = "d/", .type = TarType::directory, .mode = 02775, .uid = 5, .gid = 6, .mtime = 77})
          .add({.name = "d/f", .mode = 04711, .uid = 1000, .gid = 50, .mtime = 88}, "text")
          .symlink("d/l", "f")
          .add({.name = "p", .type = TarType::fifo, .mode = 0600})
          .add({.name = "null", .type = TarType::char_device, .mode = 0666, .device_major = 1, .device_minor = 3})
          .end();
  const auto applied = apply(tar);
  EXPECT_EQ(describe_tree(layer()),
            (Lines{"d dir 2775", "d/f file 4711 = text", "d/l -> f", "null special 666", "p special 600"}));
  EXPECT_EQ(applied.diff_id, base::sha256(tar));
  EXPECT_EQ(applied.uncompressed_size, tar.size());
  EXPECT_EQ(applied.file_bytes, 4u);
  EXPECT_EQ(stat_of("d").st_mtim.tv_sec, 77);
  EXPECT_EQ(stat_of("d").st_uid, 5u);
  EXPECT_EQ(stat_of("d/f").st_mtim.tv_sec, 88);
  EXPECT_EQ(stat_of("d/f").st_gid, 50u);
  EXPECT_EQ(stat_of("null").st_rdev, makedev(1, 3));
}

TEST_F(ApplyTest, TurnsWhiteoutsIntoOverlayMarks) {
  apply(TarBuilder().dir("d/").file("d/.wh.gone").dir("o/").file("o/.wh..wh..opq").file("o/new").file(".wh.top").end());
  EXPECT_EQ(describe_tree(layer()),
            (Lines{"d dir 755", "d/gone whiteout", "o dir 755 opaque", "o/new file 644 = ", "top whiteout"}));
}

TEST_F(ApplyTest, WritesUserAttributesForUserNamespaces) {
  apply(TarBuilder().dir("o/").file("o/.wh..wh..opq").end(), {.overlay_xattrs = OverlayXattrs::user});
  const auto directory = base::open_directory(layer());
  EXPECT_EQ(read_xattr(directory.get(), "o", "user.overlay.opaque"), "y");
  EXPECT_FALSE(read_xattr(directory.get(), "o", "trusted.overlay.opaque"));
}

TEST_F(ApplyTest, AWhiteoutHidesOnlyWhatLiesBelow) {
  // Whiteout and new file of one name, in either order: the new one stays and hides the old tree.
  apply(TarBuilder()
            .file(".wh.a")
            .dir("a/")
            .file("a/x")
            .dir("b/")
            .file("b/x")
            .file(".wh.b")
            .file("c")
            .file(".wh.c")
            .end());
  EXPECT_EQ(describe_tree(layer()),
            (Lines{"a dir 755 opaque", "a/x file 644 = ", "b dir 755 opaque", "b/x file 644 = ", "c file 644 = "}));
}

TEST_F(ApplyTest, LeavesNotesOfOldFormatsOutAndRefusesEmptyWhiteouts) {
  apply(TarBuilder().file(".wh..wh.plnk").file(".wh..wh.aufs").end());
  EXPECT_EQ(describe_tree(layer()), Lines{});
  for (const auto* name : {".wh.", "d/.wh..", "d/.wh..."})
    EXPECT_THROW(apply(TarBuilder().file(name).end()), base::Error);
}

TEST_F(ApplyTest, ListsDirectoriesTheTarOnlyImplies) {
  const auto applied = apply(TarBuilder().file("usr/bin/x").dir("usr/").file("tmp/y").end());
  EXPECT_THAT(applied.implied_directories, ElementsAre("/tmp", "/usr/bin"));
}

TEST_F(ApplyTest, ImpliedDirectoriesAdoptWhatLiesBelow) {
  const auto lower = room_.path() + "/lower";
  base::make_directories(lower + "/tmp");
  ::chmod((lower + "/tmp").c_str(), 01777);
  ::lchown((lower + "/tmp").c_str(), 3, 4);
  const auto applied = apply(TarBuilder().file("tmp/y").file("new/z").end());
  const auto directory = base::open_directory(layer());
  const std::vector<std::string> lowers{lower};
  adopt_directories(directory.get(), applied.implied_directories, lowers);
  EXPECT_EQ(stat_of("tmp").st_mode & 07777, 01777u);
  EXPECT_EQ(stat_of("tmp").st_gid, 4u);
  EXPECT_EQ(stat_of("new").st_mode & 07777, 0755u);
}

TEST_F(ApplyTest, KeepsHardLinksAndCapabilities) {
  const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  apply(TarBuilder()
            .add({.name = "a", .mode = 0755, .uid = 9, .xattrs = {{"security.capability", capability}}}, "x")
            .add({.name = "b",
                  .type = TarType::hard_link,
                  .mode = 0755,
                  .uid = 9,
                  .link_name = "a",
                  .xattrs = {{"security.capability", capability}}})
            .symlink("s", "a")
            .link("t", "s")
            .end());
  const auto directory = base::open_directory(layer());
  EXPECT_EQ(stat_of("a").st_nlink, 2u);
  EXPECT_EQ(read_xattr(directory.get(), "b", "security.capability"), capability);
  EXPECT_EQ(base::read_link_at(directory.get(), "t"), "a");
}

TEST_F(ApplyTest, TheEntryOfAHardLinkHasTheLastWord) {
  apply(TarBuilder().add({.name = "a", .mode = 0600, .uid = 9}, "x").link("b", "a").end());
  EXPECT_EQ(describe_tree(layer()), (Lines{"a file 644 = x", "b file 644 = x"}));
  EXPECT_EQ(stat_of("a").st_uid, 0u);
}

TEST_F(ApplyTest, DoesNotLetArchivesSpeakToOverlayfs) {
  apply(TarBuilder()
            .add({.name = "d/",
                  .type = TarType::directory,
                  .mode = 0755,
                  .xattrs = {{"trusted.overlay.redirect", "/etc"}, {"user.overlay.opaque", "y"}, {"user.mine", "1"}}})
            .end());
  const auto directory = base::open_directory(layer());
  const auto xattrs = read_xattrs(directory.get(), "d");
  EXPECT_EQ(xattrs.count("trusted.overlay.redirect") + xattrs.count("user.overlay.opaque"), 0u);
}

TEST_F(ApplyTest, NoNameLeadsOutOfTheLayer) {
  apply(TarBuilder()
            .file("/absolute", "1")
            .file("../../up", "2")
            .file("a/../../../b", "3")
            .symlink("out", room_.path() + "/outside")
            .file("out/caught", "4")
            .symlink("up-link", "../../../outside")
            .file("up-link/caught", "5")
            .end());
  EXPECT_TRUE(base::list_directory(room_.path() + "/outside").empty());
  EXPECT_EQ(base::read_file(layer() + "/absolute"), "1");
  EXPECT_EQ(base::read_file(layer() + "/up"), "2");
  EXPECT_EQ(base::read_file(layer() + "/b"), "3");
  EXPECT_EQ(base::read_file(layer() + room_.path() + "/outside/caught"), "4");
  EXPECT_EQ(base::read_file(layer() + "/outside/caught"), "5");
}

TEST_F(ApplyTest, HardLinksCannotReachOut) {
  base::write_file_atomic(room_.path() + "/outside/secret", "s");
  for (const auto& target : Lines{"../outside/secret", room_.path() + "/outside/secret", "missing", "/", "dir"}) {
    EXPECT_THROW(apply(TarBuilder().dir("dir/").link("l", target).end()), base::Error) << target;
  }
  EXPECT_THROW(apply(TarBuilder().symlink("o", room_.path() + "/outside").link("l", "o/secret").end()), base::Error);
}

TEST_F(ApplyTest, LaterEntriesReplaceEarlierOnes) {
  apply(TarBuilder()
            .dir("a/")
            .file("a/x")
            .symlink("a", "elsewhere")
            .dir("elsewhere/")
            .file("a/y", "through the link")
            .dir("a/")
            .file("a/z", "in the directory")
            .end());
  EXPECT_EQ(describe_tree(layer()), (Lines{"a dir 755", "a/z file 644 = in the directory", "elsewhere dir 755",
                                           "elsewhere/y file 644 = through the link"}));
}

TEST_F(ApplyTest, AFileIsNoDirectory) {
  try {
    apply(TarBuilder().file("f").file("f/below").end());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "unpacking \"f/below\": /f is needed as a directory but is a file");
  }
}

TEST_F(ApplyTest, LinkLoopsEnd) {
  EXPECT_THROW(apply(TarBuilder().symlink("a", "b").symlink("b", "a").file("a/x").end()), base::Error);
}

TEST_F(ApplyTest, TheRootEntryChangesNothing) {
  const auto before = ::umask(0);
  apply(TarBuilder().dir("./", 0700).dir("/", 0711).end());
  ::umask(before);
  EXPECT_EQ(base::lstat_if_exists(layer())->st_mode & 07777, 0777u & ~before);
}

TEST_F(ApplyTest, TimesBefore1970Become1970) {
  apply(TarBuilder().add({.name = "f", .mode = 0644, .mtime = -5}).end());
  EXPECT_EQ(stat_of("f").st_mtim.tv_sec, 0);
}

TEST_F(ApplyTest, DigestCoversWhatFollowsTheEnd) {
  const auto tar = TarBuilder().file("f").end() + std::string(9000, '\0');
  EXPECT_EQ(apply(tar, {.expect = base::sha256(tar)}).diff_id, base::sha256(tar));
  base::remove_tree(layer() + "/f");
  EXPECT_THROW(apply(tar, {.expect = base::sha256("other")}), base::Error);
}

TEST_F(ApplyTest, SkipsDevicesWhenTold) {
  const auto applied = apply(
      TarBuilder().add({.name = "null", .type = TarType::char_device, .device_major = 1, .device_minor = 3}).end(),
      {.devices = Devices::skip});
  EXPECT_THAT(applied.skipped_devices, ElementsAre("/null"));
  EXPECT_EQ(describe_tree(layer()), Lines{});
}

TEST_F(ApplyTest, OwnersOutOfRangeAreRefused) {
  EXPECT_THROW(apply(TarBuilder().add({.name = "f", .uid = 4294967295}).end()), base::Error);
  EXPECT_THROW(apply(TarBuilder().add({.name = "f", .uid = 1ULL << 40}).end()), base::Error);
}

TEST_F(ApplyTest, RandomArchivesOfTrapsStayInside) {
  const auto outside = room_.path() + "/outside";
  base::write_file_atomic(outside + "/secret", "untouched");
  const Lines names{"a",   "a/b",      "a/b/c", "../outside/x",     "/outside/x",     "a/../../outside/x", "l",
                    "l/x", "l/secret", ".wh.a", "a/.wh.b",          "a/.wh..wh..opq", ".wh..wh..opq",      "..",
                    ".",   "",         "./a/",  "l/../../outside/y"};
  const Lines targets{outside, "..", "../outside", "/", ".", "a", "l", "a/b", "../../../..", outside + "/secret"};
  std::mt19937 random(11);  // fixed, so that a failure can be repeated
  const auto any = [&](const Lines& from) { return from[random() % from.size()]; };
  for (int round = 0; round < 200; ++round) {
    base::remove_tree(layer());
    base::make_directories(layer());
    TarBuilder tar;
    for (int i = 0; i < 12; ++i) {
      auto name = any(names);
      if (name.empty()) name = "x";
      switch (random() % 4) {
        case 0: tar.file(name.back() == '/' ? "f" : name, "written"); break;
        case 1: tar.dir(name + "/"); break;
        case 2: tar.symlink(name, any(targets)); break;
        default: tar.link(name, any(targets)); break;
      }
    }
    try {
      apply(tar.end());
    } catch (const base::Error&) {
    }
    ASSERT_EQ(base::list_directory(outside), Lines{"secret"}) << round;
    ASSERT_EQ(base::read_file(outside + "/secret"), "untouched") << round;
    ASSERT_EQ(base::lstat_if_exists(outside + "/secret")->st_nlink, 1u) << round;
  }
}

TEST_F(ApplyTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  const auto tar = TarBuilder().file("f").end();
  StringSource source(tar);
  const auto directory = base::open_directory(layer());
  EXPECT_THROW(apply_tar(source, directory.get(), {}, stop.get_token()), base::Cancelled);
}

}  // namespace
}  // namespace layer
