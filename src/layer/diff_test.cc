// SPDX-License-Identifier: Apache-2.0
#include "layer/diff.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "layer/apply.h"
#include "layer/testing/tar_builder.h"

namespace layer {
namespace {

using testing::describe_tree;
using ::testing::ElementsAre;
using testing::entries_of;
using ::testing::IsEmpty;
using testing::names_of;
using testing::TarBuilder;

/// Layer directories made from tars, as they come from images and from steps.
class DiffTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for whiteouts";
  }

  std::string layer(const TarBuilder& tar) {
    const auto path = base::format("{}/{}", room_.path(), layers_++);
    base::make_directories(path);
    const auto text = tar.end();
    StringSource source(text);
    apply_tar(source, base::open_directory(path).get(), {}, {});
    return path;
  }

  std::string diff(const std::vector<std::string>& lowers, const std::string& upper, const DiffOptions& options = {}) {
    StringSink sink;
    const auto diffed = write_diff(lowers, upper, sink, options, {});
    EXPECT_EQ(diffed.entries, entries_of(sink.text).size());
    EXPECT_EQ(is_empty_diff(lowers, upper, {}), diffed.entries == 0);
    return sink.text;
  }

  base::TemporaryDirectory room_;
  int layers_ = 0;
};

TEST_F(DiffTest, OverNothingEverythingIsListedInWalkOrder) {
  const auto upper = layer(TarBuilder().file("a.txt").dir("a/").file("a/z").symlink("a/b", "z").file("B"));
  EXPECT_THAT(names_of(diff({}, upper)), ElementsAre("B", "a/", "a/b -> z", "a/z", "a.txt"));
}

TEST_F(DiffTest, RoundTripGivesTheSameBytes) {
  const auto tar =
      TarBuilder()
          .add({.name = "bin/", .type = TarType::directory, .mode = 0755, .mtime = 5})
          .add({.name = "bin/su",
                .mode = 04755,
                .uid = 1,
                .gid = 2,
                .mtime = 1700000000,
                .xattrs = {{"security.capability", std::string("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)}}},
               "program")
          .add({.name = std::string("caf\xc3\xa9"), .mode = 0644, .mtime = 6}, "x")
          .add({.name = "dev/", .type = TarType::directory, .mode = 0755, .mtime = 5})
          .add({.name = "dev/p", .type = TarType::fifo, .mode = 0600, .mtime = 5})
          .add({.name = "dev/z",
                .type = TarType::block_device,
                .mode = 0600,
                .mtime = 5,
                .device_major = 8,
                .device_minor = 1});
  EXPECT_TRUE(diff({}, layer(tar)) == tar.end());
}

TEST_F(DiffTest, ParentsOfChangesAreListedOnceAndOnlyThen) {
  const auto base = layer(TarBuilder().dir("a/").dir("a/b/").file("a/b/old").dir("c/"));
  const auto upper = layer(TarBuilder().dir("a/").dir("a/b/").file("a/b/new").file("a/b/newer").dir("c/"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("a/", "a/b/", "a/b/new", "a/b/newer"));
}

TEST_F(DiffTest, ARemovedTreeIsOneEntryWithoutOwnerModeOrTime) {
  const auto base = layer(TarBuilder().dir("d/").dir("d/sub/").file("d/sub/f").file("f"));
  const auto upper = layer(TarBuilder().dir("d/").file("d/.wh.sub").file(".wh.f").file(".wh.never-was"));
  const auto entries = entries_of(diff({base}, upper));
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "d/");
  EXPECT_EQ(entries[1], (TarEntry{.name = "d/.wh.sub"}));
  EXPECT_EQ(entries[2], (TarEntry{.name = ".wh.f"}));
}

TEST_F(DiffTest, OpaqueDirectoriesAreComparedWithWhatTheyHide) {
  const auto base =
      layer(TarBuilder().dir("d/").file("d/a", "1").file("d/b", "1").dir("d/s/").file("d/s/x").file("d/z"));
  const auto upper = layer(TarBuilder().dir("d/").file("d/.wh..wh..opq").file("d/a", "1").file("d/b", "2").file("d/n"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("d/", "d/b", "d/n", "d/.wh.s", "d/.wh.z"));
}

TEST_F(DiffTest, OpaqueDirectoriesWithNothingBelowAreOrdinary) {
  const auto upper = layer(TarBuilder().dir("d/").file("d/.wh..wh..opq").file("d/a"));
  EXPECT_THAT(names_of(diff({}, upper)), ElementsAre("d/", "d/a"));
  const auto base = layer(TarBuilder().file("d"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("d/", "d/a"));
}

TEST_F(DiffTest, LowerLayersHideEachOther) {
  const auto first = layer(TarBuilder().dir("d/").file("d/a").file("d/b").file("e"));
  const auto second = layer(TarBuilder().dir("d/").file("d/.wh.a").file(".wh.e"));
  const auto third = layer(TarBuilder().dir("d/").file("d/.wh.a").file("d/.wh.b").file(".wh.e"));
  EXPECT_THAT(names_of(diff({first, second}, third)), ElementsAre("d/", "d/.wh.b"));
  const auto remade = layer(TarBuilder().dir("d/").file("d/.wh..wh..opq").file("d/c"));
  EXPECT_THAT(names_of(diff({first, remade}, third)), ElementsAre(".wh.e"));
}

TEST_F(DiffTest, CopiedUpButUnchangedFilesAreLeftOut) {
  const auto base = layer(TarBuilder().dir("d/").file("d/a", "same").symlink("d/l", "a"));
  const auto upper = layer(TarBuilder().dir("d/").file("d/a", "same").symlink("d/l", "a"));
  EXPECT_THAT(names_of(diff({base}, upper)), IsEmpty());
}

TEST_F(DiffTest, ContentDecidesWhereTimesAreWholeSeconds) {
  const auto base = layer(TarBuilder().file("a", "same").symlink("l", "one"));
  EXPECT_THAT(names_of(diff({base}, layer(TarBuilder().file("a", "diff").symlink("l", "two")))),
              ElementsAre("a", "l -> two"));
}

TEST_F(DiffTest, ATouchedFileIsChangedEvenWithinTheSecond) {
  const auto base = layer(TarBuilder().file("a", "same"));
  const auto upper = layer(TarBuilder().add({.name = "a", .mode = 0644, .mtime = 1000, .mtime_nanos = 1}, "same"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("a"));
}

TEST_F(DiffTest, ModesOwnersAndCapabilitiesCountForDirectoriesTimesDoNot) {
  const auto base = layer(TarBuilder().dir("a/").dir("b/").dir("c/"));
  const auto upper = layer(TarBuilder()
                               .dir("a/", 0700)
                               .add({.name = "b/", .type = TarType::directory, .mode = 0755, .uid = 7})
                               .add({.name = "c/", .type = TarType::directory, .mode = 0755, .mtime = 999}));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("a/", "b/"));
}

TEST_F(DiffTest, UserAttributesAreNeitherAChangeNorWritten) {
  const auto base = layer(TarBuilder().file("a", "x"));
  const auto upper = layer(TarBuilder().file("a", "x").file("b"));
  for (const auto* name : {"/a", "/b"}) ::setxattr((upper + name).c_str(), "user.note", "1", 1, 0);
  ::setxattr((upper + "/b").c_str(), "trusted.note", "1", 1, 0);
  const auto entries = entries_of(diff({base}, upper));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].xattrs, IsEmpty());
}

TEST_F(DiffTest, NamesOfOneFileBecomeLinks) {
  const auto upper = layer(TarBuilder().file("b", "x").link("a", "b").dir("d/").link("d/c", "b"));
  EXPECT_THAT(names_of(diff({}, upper)), ElementsAre("a", "b => a", "d/", "d/c => a"));
  const auto entries = entries_of(diff({}, upper));
  EXPECT_EQ(entries[0].size, 1u);
  EXPECT_EQ(entries[1].size, 0u);
}

TEST_F(DiffTest, UnchangedNamesOfAChangedFileFollowItUnderAnOpaqueDirectory) {
  // "d/a" is as below; "d/b" is a new name of the same file. Both must be links of one file afterwards.
  const auto base = layer(TarBuilder().dir("d/").file("d/a", "x"));
  const auto upper = layer(TarBuilder().dir("d/").file("d/.wh..wh..opq").file("d/a", "x").link("d/b", "d/a"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("d/", "d/b", "d/a => d/b"));
}

TEST_F(DiffTest, SocketsAreLeftOut) {
  const auto upper = layer(TarBuilder());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  base::format("{}/s", upper).copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  EXPECT_THAT(names_of(diff({}, upper)), IsEmpty());
}

TEST_F(DiffTest, TimesAreWholeSecondsAndCanBeClamped) {
  const auto upper = layer(
      TarBuilder().add({.name = "new", .mtime = 5000, .mtime_nanos = 999999999}).add({.name = "old", .mtime = 5}));
  auto entries = entries_of(diff({}, upper));
  EXPECT_EQ(entries[0].mtime, 5000);
  EXPECT_EQ(entries[0].mtime_nanos, 0u);
  entries = entries_of(diff({}, upper, {.clamp_mtime = 100}));
  EXPECT_EQ(entries[0].mtime, 100);
  EXPECT_EQ(entries[1].mtime, 5);
}

TEST_F(DiffTest, DirectoriesAndFilesTakeEachOthersPlace) {
  const auto base = layer(TarBuilder().dir("d/").file("d/x").file("f"));
  const auto upper = layer(TarBuilder().file("d", "file").dir("f/").file("f/i"));
  EXPECT_THAT(names_of(diff({base}, upper)), ElementsAre("d", "f/", "f/i"));
}

TEST_F(DiffTest, OfAWholeFilesystemWhatItLacksWasRemoved) {
  const auto lower = layer(TarBuilder().dir("d/").file("d/gone", "1").file("d/same", "2").dir("old/").file("old/x"));
  const auto upper = layer(TarBuilder().dir("d/").file("d/new", "3").file("d/same", "2"));
  const DiffOptions whole{.form = UpperForm::filesystem};
  StringSink sink;
  write_diff(std::vector<std::string>{lower}, upper, sink, whole, {});
  EXPECT_THAT(names_of(sink.text), ElementsAre("d/", "d/.wh.gone", "d/new", ".wh.old"));
  StringSink as_layer;
  write_diff(std::vector<std::string>{lower}, upper, as_layer, {}, {});
  EXPECT_THAT(names_of(as_layer.text), ElementsAre("d/", "d/new"));
}

TEST_F(DiffTest, TheRootIsNeverListed) {
  const auto upper = layer(TarBuilder());
  ::chmod(upper.c_str(), 0700);
  EXPECT_TRUE(diff({}, upper) == std::string(1024, '\0'));
}

TEST_F(DiffTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  StringSink sink;
  EXPECT_THROW(write_diff({}, layer(TarBuilder().file("f")), sink, {}, stop.get_token()), base::Cancelled);
}

}  // namespace
}  // namespace layer
