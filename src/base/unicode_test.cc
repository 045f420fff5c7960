// SPDX-License-Identifier: Apache-2.0
#include "base/unicode.h"

#include <gtest/gtest.h>

namespace {

TEST(Unicode, DecodesWellFormedCharactersOfEveryWidth) {
  EXPECT_EQ(base::decode_rune("a").value, U'a');
  EXPECT_EQ(base::decode_rune("\xc3\xa9").value, U'\u00e9');
  EXPECT_EQ(base::decode_rune("\xe2\x82\xac!").width, 3u);
  EXPECT_EQ(base::decode_rune("\xf0\x9f\x9a\x80").value, U'\U0001F680');
}

TEST(Unicode, TakesOneByteOfWhatIsNotUtf8) {
  for (const std::string_view bad : {"\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(base::decode_rune(bad).value, base::kReplacement);
    EXPECT_EQ(base::decode_rune(bad).width, 1u);
  }
  EXPECT_EQ(base::decode_rune("").width, 0u);
}

TEST(Unicode, EncodesWhatItDecodes) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80";
  EXPECT_EQ(base::encode_runes(base::decode_runes(text)), text);
  std::string out;
  base::append_rune(out, 0xd800);
  EXPECT_EQ(out, "\xef\xbf\xbd");
}

TEST(Unicode, KnowsLettersDigitsAndBlanksBeyondAscii) {
  EXPECT_TRUE(base::is_letter(U'\uD55C'));
  EXPECT_FALSE(base::is_letter(U'_'));
  EXPECT_TRUE(base::is_digit(U'\u0663'));
  EXPECT_FALSE(base::is_digit(U'\u00b2'));
  EXPECT_TRUE(base::is_space(0xa0));
  EXPECT_TRUE(base::is_space(0x3000));
  EXPECT_FALSE(base::is_space(0x200b));
}

TEST(Unicode, ChangesCaseByTheSimpleMapping) {
  EXPECT_EQ(base::lower_runes("\xc3\x84\x42 \xe2\x84\xaa"), "\xc3\xa4\x62 k");
  EXPECT_EQ(base::upper_runes("\xc3\xa4\xce\xb1\xd1\x8f"), "\xc3\x84\xce\x91\xd0\xaf");
  EXPECT_EQ(base::to_lower(0x130), U'i');
  EXPECT_EQ(base::to_upper(0xdf), char32_t{0xdf});
  EXPECT_TRUE(base::equal_fold("AS", "as"));
  EXPECT_FALSE(base::equal_fold("as", "ass"));
}

TEST(Unicode, TrimsUnicodeBlanksOffBothEnds) {
  EXPECT_EQ(base::trim_space("\xc2\xa0 a b\xe3\x80\x80\n"), "a b");
  EXPECT_EQ(base::trim_space(" \t "), "");
  EXPECT_EQ(base::trim_space("a\x80"), "a\x80");
}

TEST(Unicode, QuotesAsGoDoes) {
  EXPECT_EQ(base::quote("a\"b\\c\n\x01\x7f"), R"("a\"b\\c\n\x01\x7f")");
  EXPECT_EQ(base::quote("\xed\x95\x9c"), "\"\xed\x95\x9c\"");
  EXPECT_EQ(base::quote("\xff\xc2\xa0\xf3\xa0\x80\x81"), R"("\xff\u00a0\U000e0001")");
  EXPECT_EQ(base::quote("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"");
}

}  // namespace
