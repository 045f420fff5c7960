// SPDX-License-Identifier: Apache-2.0
#include "snapshot/testing/snapshotter_suite.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.h"

namespace snapshot::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Drivers, SnapshotterSuite, ::testing::Values(Driver::overlay, Driver::fuse, Driver::native),
                         [](const auto& driver) { return std::string(driver_name(driver.param)); });

TEST_P(SnapshotterSuite, EmptyChainIsAnEmptyTree) { EXPECT_EQ(tree({}), ""); }

TEST_P(SnapshotterSuite, CommittedFilesAreSeenThroughTheChain) {
  const auto first = step({}, "echo one > a; mkdir d; echo two > d/b");
  const auto second = step(first, "echo three > d/c");
  EXPECT_EQ(look(second, "cat a d/b d/c"), "one\ntwo\nthree\n");
  EXPECT_EQ(look(first, "ls -x d"), "b\n");
}

TEST_P(SnapshotterSuite, LayersHoldOnlyWhatAStepChanged) {
  const auto base = step({}, "mkdir -p d/e; echo one > d/a; echo two > d/e/b; echo three > c");
  EXPECT_EQ(layer(step(base, "echo more >> d/e/b")), "d d\nd/e d\nd/e/b f\n");
  EXPECT_EQ(layer(step(base, "true")), "");
  EXPECT_EQ(layer(step(base, "rm c")), "c c\n");
}

TEST_P(SnapshotterSuite, DeletedFilesStayDeletedAndCanComeBack) {
  const auto base = step({}, "mkdir d; echo one > d/a; echo two > d/b");
  const auto gone = step(base, "rm d/a");
  EXPECT_EQ(look(gone, "ls d"), "b\n");
  const auto back = step(gone, "echo again > d/a");
  EXPECT_EQ(look(back, "cat d/a d/b"), "again\ntwo\n");
  EXPECT_EQ(look(base, "cat d/a"), "one\n");
}

TEST_P(SnapshotterSuite, RemadeDirectoriesHideWhatTheyHeld) {
  const auto base = step({}, "mkdir -p d/sub; echo one > d/a; echo two > d/sub/b");
  const auto remade = step(base, "rm -r d; mkdir -p d/sub; echo new > d/sub/n");
  EXPECT_EQ(look(remade, "find d | LC_ALL=C sort"), "d\nd/sub\nd/sub/n\n");
  EXPECT_EQ(look(step(remade, "echo x > d/x"), "find d | LC_ALL=C sort"), "d\nd/sub\nd/sub/n\nd/x\n");
}

TEST_P(SnapshotterSuite, DirectoriesAndFilesTakeEachOthersPlace) {
  const auto base = step({}, "mkdir d; echo one > d/a; echo two > f");
  const auto swapped = step(base, "rm -r d f; echo file > d; mkdir f; echo within > f/i");
  EXPECT_EQ(look(swapped, "cat d f/i; ls f"), "file\nwithin\ni\n");
  const auto link = step(swapped, "rm -r f; ln -s d f");
  EXPECT_EQ(look(link, "cat f; readlink f"), "file\nd\n");
}

TEST_P(SnapshotterSuite, FilesAndDirectoriesCanBeRenamed) {
  const auto base = step({}, "mkdir -p d/e; echo one > d/a; echo two > d/e/b");
  const auto moved = step(base, "mv d/a aa; mv d dd");
  EXPECT_EQ(look(moved, "find . -mindepth 1 | LC_ALL=C sort; cat aa dd/e/b"),
            "./aa\n./dd\n./dd/e\n./dd/e/b\none\ntwo\n");
  // Layers must not point into each other.
  EXPECT_EQ(layer(moved), "aa f\nd c\ndd d\ndd/e d\ndd/e/b f\n");
}

TEST_P(SnapshotterSuite, OwnersAndModesAreKept) {
  if (current_namespace() == Namespace::user) GTEST_SKIP() << "a user namespace has few owners and no devices";
  const auto base = step({}, "echo one > a; mkdir d; chown 1000:50 a d; chmod 4711 a; chmod 2775 d");
  EXPECT_EQ(tree(base), "a f 4711 1000:50 4\nd d 2775 1000:50 \n");
  EXPECT_EQ(tree(step(base, "chown 7:8 d; chmod g-s,o+w d")), "a f 4711 1000:50 4\nd d 777 7:8 \n");
  EXPECT_EQ(layer(step(base, "chown 7:8 d")), "d d\n");
}

TEST_P(SnapshotterSuite, TimesAreKeptToTheNanosecond) {
  const auto base = step({}, "mkdir d; echo one > d/a; touch -d '2001-02-03 04:05:06.123456789 UTC' d/a d");
  EXPECT_EQ(look(step(base, "echo x > b"), "stat -c %.9Y d d/a"), "981173106.123456789\n981173106.123456789\n");
}

TEST_P(SnapshotterSuite, HardLinksOfOneLayerStayOneFile) {
  const auto base = step({}, "echo one > a; mkdir d; ln a d/b");
  // fuse-overlayfs counts the links that were looked at so far.
  EXPECT_EQ(look(base, "stat -c %i d/b a >/dev/null; stat -c %h a d/b; test a -ef d/b"), "2\n2\n");
  EXPECT_EQ(look(step(base, "rm a"), "cat d/b"), "one\n");
}

TEST_P(SnapshotterSuite, LinksToFilesBelowWork) {
  const auto base = step({}, "echo one > a");
  const auto linked = step(base, "ln a b; rm a");
  EXPECT_EQ(tree(linked), "b f 644 0:0 4\n");
}

TEST_P(SnapshotterSuite, SpecialFilesAreKept) {
  if (current_namespace() == Namespace::user) GTEST_SKIP() << "a user namespace has few owners and no devices";
  const auto base = step({}, "mkfifo p; mknod z c 1 5; ln -s nowhere l");
  EXPECT_EQ(look(base, "stat -c '%n %F %t:%T' p z l; readlink l"),
            "p fifo 0:0\nz character special file 1:5\nl symbolic link 0:0\nnowhere\n");
  EXPECT_EQ(look(step(base, "rm z; touch after"), "ls"), "after\nl\np\n");
}

TEST_P(SnapshotterSuite, RewritingWithTheOldTimesIsStillAChange) {
  const auto base = step({}, "echo aaa > f; touch -d @1000 f");
  const auto changed = step(base, "echo bbb > f; touch -d @1000 f");
  EXPECT_EQ(look(changed, "cat f"), "bbb\n");
}

TEST_P(SnapshotterSuite, TheRootHasOwnModeAndTheOwnerBelow) {
  if (current_namespace() == Namespace::user) GTEST_SKIP() << "a user namespace has few owners and no devices";
  const auto base = step({}, "chmod 700 .; chown 5:6 .; touch a");
  EXPECT_EQ(look(base, "stat -c '%a %u:%g' ."), "700 5:6\n");
  EXPECT_EQ(look(step(base, "touch b"), "stat -c '%a %u:%g' ."), "755 5:6\n");
}

TEST_P(SnapshotterSuite, AHundredAndTwentyEightLayersMount) {
  Chain chain;
  for (int i = 0; i < 128; ++i) {
    auto active = snapshots().prepare({});
    base::write_file_atomic(base::format("{}/f{:03}", active.mounts().upper, i), std::to_string(i));
    base::write_file_atomic(active.mounts().upper + "/top", std::to_string(i));
    snapshots().commit(active, {});
    chain.push_back(active.id());
  }
  EXPECT_EQ(look(chain, "ls | wc -l; cat top f000 f127"), "129\n1270127");
  EXPECT_EQ(look(step(chain, "rm f0*"), "ls | wc -l"), "29\n");
}

TEST_P(SnapshotterSuite, ViewsCannotBeWritten) {
  const auto base = step({}, "echo one > a");
  EXPECT_THROW(look(base, "echo two > a"), base::Error);
  EXPECT_THROW(look(step(base, "true"), "echo two > a"), base::Error);
}

TEST_P(SnapshotterSuite, AStepMayBeMountedMoreThanOnceBeforeItIsFinished) {
  const auto base = step({}, "echo one > a");
  auto active = snapshots().prepare(base);
  for (const auto* name : {"x", "y"}) {
    const auto mount = mount_snapshot(active.mounts(), GetParam(), scratch(), {});
    const base::Fd file(::openat(mount.get(), name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    ASSERT_TRUE(file);
  }
  finish_snapshot(active.mounts(), GetParam(), {});
  finish_snapshot(active.mounts(), GetParam(), {});
  snapshots().commit(active, {});
  EXPECT_EQ(look({base[0], active.id()}, "ls -x"), "a  x  y\n");
}

TEST_P(SnapshotterSuite, UnknownLayersAreNotFound) {
  try {
    snapshots().prepare({"nothing"});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::not_found);
  }
  EXPECT_THROW(snapshots().view({"nothing"}), base::Error);
  EXPECT_FALSE(snapshots().has("nothing"));
}

TEST_P(SnapshotterSuite, WhereNoAttributesCanBeSetOnlyTheProbeKnows) {
  const std::string place = path() + "/without-attributes";
  base::make_directories(place);
  if (::mount("none", place.c_str(), "ramfs", 0, nullptr) != 0) GTEST_SKIP() << "no ramfs can be mounted";
  const Probe found = probe(place);
  ::umount2(place.c_str(), MNT_DETACH);
  EXPECT_EQ(found.driver, Driver::native);
  EXPECT_NE(found.why_not_overlay, "");
  EXPECT_NE(found.why_not_fuse, "");
}

TEST_P(SnapshotterSuite, RemovedLayersAreGone) {
  const auto base = step({}, "echo one > a");
  snapshots().remove(base[0]);
  EXPECT_FALSE(snapshots().has(base[0]));
  EXPECT_TRUE(base::list_directory(path() + "/snapshots").empty());
  snapshots().remove(base[0]);  // and may be removed again
}

}  // namespace
}  // namespace snapshot::testing
