// SPDX-License-Identifier: Apache-2.0
#include "progress/text_width.h"

#include <gtest/gtest.h>

namespace progress {
namespace {

TEST(TextWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("äöü"), 3U);
  EXPECT_EQ(columns_of("日本"), 4U);
  EXPECT_EQ(columns_of("🚀"), 2U);
  EXPECT_EQ(columns_of("e\xcc\x81"), 1U);  // e and a combining acute accent
}

TEST(TextWidth, CutsBeforeAWideCharacterThatDoesNotFit) {
  EXPECT_EQ(cut_to("a日本", 4), "a日");
  EXPECT_EQ(cut_to("日本", 1), "");
  EXPECT_EQ(pad_to("日本", 3), "日 ");
}

TEST(TextWidth, EllipsisTakesTheLastColumn) {
  EXPECT_EQ(ellipsize("abcdef", 6), "abcdef");
  EXPECT_EQ(ellipsize("abcdef", 5), "abcd…");
  EXPECT_EQ(ellipsize("abcdef", 1), "…");
  EXPECT_EQ(ellipsize("abcdef", 0), "");
  EXPECT_EQ(columns_of(ellipsize("日本語", 4)), 3U);
}

TEST(TextWidth, BrokenUtf8IsOneByteAtATime) {
  for (const std::string_view bad :
       {"\xff", "\xc3", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"}) {
    const auto character = next_character(bad);
    EXPECT_FALSE(character.valid) << bad;
    EXPECT_EQ(character.bytes, 1U);
  }
}

}  // namespace
}  // namespace progress
