// SPDX-License-Identifier: Apache-2.0
#include "progress/colours.h"

#include <gtest/gtest.h>

namespace progress {
namespace {

TEST(Colours, NoColorWinsUnlessItIsEmpty) {
  std::vector<std::string> complaints;
  EXPECT_EQ(make_palette("1", "run=green", complaints).run, "");
  EXPECT_EQ(make_palette("", "run=green", complaints).run, "\x1b[32m");
  EXPECT_TRUE(complaints.empty());
}

TEST(Colours, ReadsNamesAndNumbers) {
  std::vector<std::string> complaints;
  const auto palette = make_palette(std::nullopt, "RUN=Light-Blue:\"error=255,0,10\":cancel=1,2,3", complaints);
  EXPECT_EQ(palette.run, "\x1b[94m");
  EXPECT_EQ(palette.error, "\x1b[38;2;255;0;10m");
  EXPECT_EQ(palette.cancel, "\x1b[38;2;1;2;3m");
  EXPECT_EQ(palette.warning, "\x1b[33m");
  EXPECT_TRUE(complaints.empty());
}

TEST(Colours, NamesWhatItCannotUse) {
  std::vector<std::string> complaints;
  const auto palette = make_palette(std::nullopt, "run=pink:nothing:error=256,0,0:who=red:warning=1,2", complaints);
  EXPECT_EQ(palette.run, "\x1b[34m");
  EXPECT_EQ(palette.error, "\x1b[31m");
  ASSERT_EQ(complaints.size(), 5U);
  EXPECT_NE(complaints[0].find("run=pink"), std::string::npos);
}

}  // namespace
}  // namespace progress
