// SPDX-License-Identifier: Apache-2.0
#include "progress/units.h"

#include <gtest/gtest.h>

namespace progress {
namespace {

TEST(Units, BytesHaveTwoDecimalsFromKilobytesOn) {
  EXPECT_EQ(bytes_text(0), "0B");
  EXPECT_EQ(bytes_text(999), "999B");
  EXPECT_EQ(bytes_text(1000), "1.00kB");
  EXPECT_EQ(bytes_text(3'400'000), "3.40MB");
  EXPECT_EQ(bytes_text(999'999), "1.00MB");
  EXPECT_EQ(bytes_text(INT64_MAX), "9.22EB");
  EXPECT_EQ(bytes_text(-5), "-5B");
}

}  // namespace
}  // namespace progress
