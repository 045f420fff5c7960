// SPDX-License-Identifier: Apache-2.0
// Steps on a mounted snapshot and the layer tars that come of them: what BuildKit's layers hold for
// the same commands (recorded; see the layer cases of the black-box suite), with both drivers.
#include <gmock/gmock.h>

#include <algorithm>

#include "layer/diff.h"
#include "layer/testing/tar_builder.h"
#include "snapshot/testing/snapshotter_suite.h"

namespace snapshot::testing {
namespace {

using Names = std::vector<std::string>;

struct LayerCase {
  const char* title;
  const char* script;
  Names entries;
};

constexpr const char* kBase =
    "mkdir -p data/dir/sub tmp; echo alpha > data/a.txt; echo beta > data/b.txt; echo hard > data/h1; ln data/h1 "
    "data/h2; "
    "echo x > data/dir/x; echo y > data/dir/y; ln -s a.txt data/link; ln -s dir data/linkdir; "
    "touch -h -d @1500000000 data/a.txt data/b.txt data/h1 data/dir/x data/dir/y data/link data/linkdir data/dir/sub";

const LayerCase kCases[] = {
    {"NothingAtAll", "true", {}},
    {"ChmodThereAndBack", "chmod 600 data/a.txt; chmod 644 data/a.txt", {}},
    {"ChmodOfAFileAndADirectory", "chmod 600 data/a.txt; chmod 711 data/dir", {"data/", "data/a.txt", "data/dir/"}},
    {"MakeAndDelete", "echo x > x; rm x", {}},
    {"NamesLikeWhiteouts", "mkdir w; touch w/.whx w/wh.a", {"w/", "w/.whx", "w/wh.a"}},
    {"DirectoryToFile", "rm -r data/dir; echo f > data/dir", {"data/", "data/dir"}},
    {"FileToDirectory",
     "rm data/a.txt; mkdir data/a.txt; echo i > data/a.txt/i",
     {"data/", "data/a.txt/", "data/a.txt/i"}},
    {"DeleteOneNameOfALink", "rm data/h1", {"data/", "data/.wh.h1"}},
    {"NewLinkToAFileBelow", "ln data/a.txt data/alink", {"data/", "data/alink"}},
    {"RemakeADirectory",
     "rm -r data/dir; mkdir data/dir; echo only > data/dir/only",
     {"data/", "data/dir/", "data/dir/only", "data/dir/.wh.sub", "data/dir/.wh.x", "data/dir/.wh.y"}},
    {"RemakeAnEmptyDirectory",
     "rm -r data/dir; mkdir data/dir",
     {"data/", "data/dir/", "data/dir/.wh.sub", "data/dir/.wh.x", "data/dir/.wh.y"}},
    {"RenameAFile", "mv data/a.txt data/aa.txt", {"data/", "data/.wh.a.txt", "data/aa.txt"}},
    {"RewriteTheSame", "cp data/a.txt t; cat t > data/a.txt; rm t", {"data/", "data/a.txt"}},
    {"TouchOnly", "touch data/a.txt", {"data/", "data/a.txt"}},
    {"ModeOfTheRoot", "chmod 700 .; touch tmp/m", {"tmp/", "tmp/m"}},
    {"UntouchedSiblingsStayOut", "touch data/dir/new", {"data/", "data/dir/", "data/dir/new"}},
    {"SymlinkToDirectory",
     "rm data/linkdir; mkdir data/linkdir; touch data/linkdir/in",
     {"data/", "data/linkdir/", "data/linkdir/in"}},
    {"WriteThroughASymlink",
     "echo via > data/link; echo via2 > data/linkdir/new",
     {"data/", "data/a.txt", "data/dir/", "data/dir/new"}},
    {"LinksOfOneStep", "echo n > n1; ln n1 n2; mkdir z; ln n1 z/n3", {"n1", "n2 => n1", "z/", "z/n3 => n1"}},
    {"UserAttributesAlone", "setfattr -n user.note -v 1 data/a.txt 2>/dev/null || true", {}},
};

class LayerCases : public SnapshotterSuite {};
INSTANTIATE_TEST_SUITE_P(Drivers, LayerCases, ::testing::Values(Driver::overlay, Driver::fuse, Driver::native),
                         [](const auto& driver) { return std::string(driver_name(driver.param)); });

TEST_P(LayerCases, TarsHoldWhatBuildKitsDo) {
  const auto base = step({}, kBase);
  const auto lowers = snapshots().layer_directories(base);
  for (const auto& one : kCases) {
    const auto chain = step(base, one.script);
    layer::StringSink sink;
    layer::write_diff(lowers, snapshots().layer_directory(chain.back()), sink, {}, {});
    auto names = layer::testing::names_of(sink.text);
    auto want = one.entries;
    // How a driver notes a remade directory decides the order of its whiteouts.
    std::sort(names.begin(), names.end());
    std::sort(want.begin(), want.end());
    EXPECT_THAT(names, ::testing::ElementsAreArray(want)) << one.title;
  }
}

TEST_P(LayerCases, DeletionsFollowTheChain) {
  const auto base = step({}, kBase);
  const auto first = step(base, "rm data/a.txt; rm -r data/dir");
  const auto second = step(first, "echo back > data/a.txt; mkdir data/dir");
  const auto third = step(second, "rm -r data");
  layer::StringSink sink;
  layer::write_diff(snapshots().layer_directories(second), snapshots().layer_directory(third.back()), sink, {}, {});
  EXPECT_EQ(layer::testing::names_of(sink.text), Names{".wh.data"});
  EXPECT_EQ(look(third, "ls"), "tmp\n");
}

}  // namespace
}  // namespace snapshot::testing
