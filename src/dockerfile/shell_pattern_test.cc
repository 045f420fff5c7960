// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

TEST(ShellPattern, TrimsTheShortestOrLongestPrefix) {
  EXPECT_EQ(trim_pattern_prefix("*/", "a/b/c", Reach::shortest), "b/c");
  EXPECT_EQ(trim_pattern_prefix("*/", "a/b/c", Reach::longest), "c");
  EXPECT_EQ(trim_pattern_prefix("x*", "a/b/c", Reach::longest), "a/b/c");
  EXPECT_EQ(trim_pattern_prefix("a?b", "a/b/c", Reach::shortest), "/c");
}

TEST(ShellPattern, TrimsTheShortestOrLongestSuffix) {
  EXPECT_EQ(trim_pattern_suffix(".*", "v1.2.3", Reach::shortest), "v1.2");
  EXPECT_EQ(trim_pattern_suffix(".*", "v1.2.3", Reach::longest), "v1");
  EXPECT_EQ(trim_pattern_suffix("\\*", "a*", Reach::shortest), "a");
}

TEST(ShellPattern, ReplacesTheLongestMatches) {
  EXPECT_EQ(replace_pattern("b*d", "abcdcd", "-", Occurrence::first), "a-");
  EXPECT_EQ(replace_pattern("?b", "abab", "<$0>", Occurrence::all), "<ab><ab>");
  EXPECT_EQ(replace_pattern("?b", "abab", "<$0>", Occurrence::first), "<$0>ab");
  EXPECT_EQ(replace_pattern("", "abc", "-", Occurrence::all), "-a-b-c-");
}

TEST(ShellPattern, StarsStopAtLineEnds) {
  EXPECT_EQ(trim_pattern_prefix("a*", "ab\ncd", Reach::longest), "\ncd");
  EXPECT_EQ(replace_pattern("*", "a\nb", "x", Occurrence::all), "x\nx");
}

TEST(ShellPattern, TakesOtherCharactersLiterally) {
  EXPECT_EQ(replace_pattern("[.]+(a|b)", "x[.]+(a|b)y", "", Occurrence::all), "xy");
  EXPECT_EQ(replace_pattern("\\/", "a/b", "-", Occurrence::all), "a-b");
}

TEST(ShellPattern, RefusesUnknownEscapes) {
  EXPECT_THROW(trim_pattern_prefix("\\a", "a", Reach::shortest), base::Error);
  EXPECT_THROW(trim_pattern_prefix("\\", "a", Reach::shortest), base::Error);
}

TEST(ShellPattern, DoesNotExplodeOnManyStars) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  EXPECT_EQ(trim_pattern_prefix(pattern + "b", std::string(2000, 'a'), Reach::longest), std::string(2000, 'a'));
}

}  // namespace
}  // namespace dockerfile
