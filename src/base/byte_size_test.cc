// SPDX-License-Identifier: Apache-2.0
#include "base/byte_size.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(ParseBytes, KnowsUnits) {
  EXPECT_EQ(parse_bytes("500MB"), 500'000'000U);
  EXPECT_EQ(parse_bytes("2 GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_bytes("1000"), 1000U);
  EXPECT_EQ(parse_bytes("10k"), 10'000U);
  EXPECT_EQ(parse_bytes("7b"), 7U);
  for (const char* text : {"", "MB", "-1", "1.5GB", "5XB", "5MiBs", "5ib", "99999999999TB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

}  // namespace
}  // namespace base
