// SPDX-License-Identifier: Apache-2.0
#include "attest/sizes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

namespace attest {
namespace {

class SizesTest : public ::testing::Test {
 protected:
  void put(const std::string& path, std::size_t size, char fill = 'x') {
    base::make_directories(std::string(base::dir_name(at(path))));
    base::write_file_atomic(at(path), std::string(size, fill));
  }
  std::string at(const std::string& path) const { return room_.path() + "/" + path; }

 private:
  base::TemporaryDirectory room_;
};

TEST_F(SizesTest, CountsLayersAndTheLargestFiles) {
  put("0/a", 100);
  put("0/d/b", 50);
  ASSERT_EQ(::link(at("0/a").c_str(), at("0/z").c_str()), 0);
  put("1/c", 10);
  const auto report = measure({at("0"), at("1")}, {});
  EXPECT_EQ(report.layers, (std::vector<std::uint64_t>{150, 10}));
  EXPECT_EQ(report.total(), 160U);
  ASSERT_EQ(report.largest.size(), 3U);
  EXPECT_EQ(report.largest[0].path, "a");
  EXPECT_EQ(report.wasted, 0U);
}

TEST_F(SizesTest, WhatLaterLayersCoverIsWasted) {
  if (::geteuid() != 0) GTEST_SKIP() << "whiteouts need root";
  put("0/replaced", 100);
  put("0/removed", 30);
  put("0/tree/deep/x", 7);
  put("0/opaque/old", 5);
  put("1/replaced", 1);
  base::make_directories(at("1/opaque"));
  ASSERT_EQ(::mknod(at("1/removed").c_str(), S_IFCHR, makedev(0, 0)), 0);
  ASSERT_EQ(::mknod(at("1/tree").c_str(), S_IFCHR, makedev(0, 0)), 0);
  ASSERT_EQ(::setxattr(at("1/opaque").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  put("1/opaque/new", 2);
  const auto report = measure({at("0"), at("1")}, {});
  EXPECT_EQ(report.wasted, 142U);
  ASSERT_EQ(report.wasted_files.size(), 4U);
  EXPECT_EQ(report.wasted_files[0].path, "replaced");
  EXPECT_EQ(report.largest.size(), 2U);
}

TEST_F(SizesTest, EqualFilesAreFoundTwice) {
  put("0/a", 5000, 'a');
  put("0/b", 5000, 'b');
  put("1/copy/of-a", 5000, 'a');
  put("1/small", 10);
  put("1/small-too", 10);
  const auto report = measure({at("0"), at("1")}, {});
  EXPECT_EQ(report.twice, 5000U);
  ASSERT_EQ(report.twice_files.size(), 1U);
  EXPECT_EQ(report.twice_files[0].path, "copy/of-a");
  EXPECT_EQ(report.twice_files[0].other, "a");
  EXPECT_EQ(to_json(size_report_from_json(to_json(report))).dump(), to_json(report).dump());
}

}  // namespace
}  // namespace attest
