// SPDX-License-Identifier: Apache-2.0
#include "base/pattern_matcher.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace base {
namespace {

bool covers(const std::string& pattern, std::string_view path) {
  return PatternMatcher({pattern}).matches_or_parent_matches(path);
}

TEST(PatternMatcher, StarsStopAtSlashes) {
  EXPECT_TRUE(covers("*.o", "a.o"));
  EXPECT_FALSE(covers("*.o", "d/a.o"));
  EXPECT_TRUE(covers("d/*.o", "d/a.o"));
  EXPECT_TRUE(covers("a?c", "abc"));
  EXPECT_FALSE(covers("a?c", "a/c"));
  EXPECT_TRUE(covers("a?c",
                     "a\xed\x95\x9c"
                     "c"));
}

TEST(PatternMatcher, DoubleStarsDoNot) {
  EXPECT_TRUE(covers("**/*.o", "a.o"));
  EXPECT_TRUE(covers("**/*.o", "d/e/a.o"));
  EXPECT_TRUE(covers("d/**/a", "d/a"));
  EXPECT_TRUE(covers("d/**/a", "d/x/y/a"));
  EXPECT_TRUE(covers("d/**", "d/x/y"));
  EXPECT_FALSE(covers("d/**", "d"));
  EXPECT_TRUE(covers("**/x", "x"));
  EXPECT_TRUE(covers("**", "any/thing"));
}

TEST(PatternMatcher, CoversWhatLiesBelow) {
  EXPECT_TRUE(covers("d", "d/e/f"));
  EXPECT_TRUE(covers("d/e*", "d/ex/f"));
  EXPECT_FALSE(covers("d/e", "d"));
}

TEST(PatternMatcher, LaterPatternsWin) {
  const PatternMatcher matcher({"*", "!src", "src/*.o", "!src/keep.o"});
  EXPECT_TRUE(matcher.has_exclusions());
  EXPECT_TRUE(matcher.matches_or_parent_matches("other"));
  EXPECT_FALSE(matcher.matches_or_parent_matches("src/a.c"));
  EXPECT_TRUE(matcher.matches_or_parent_matches("src/a.o"));
  EXPECT_FALSE(matcher.matches_or_parent_matches("src/keep.o"));
}

TEST(PatternMatcher, AWalkGivesTheSameAnswers) {
  const PatternMatcher matcher({"d", "!d/e", "d/e/*.o", "**/z"});
  MatchInfo top, below;
  EXPECT_TRUE(matcher.matches("d", {}, &top));
  EXPECT_FALSE(matcher.matches("d/e", top, &below));
  EXPECT_FALSE(matcher.matches("d/e/a.c", below, nullptr));
  EXPECT_TRUE(matcher.matches("d/e/a.o", below, nullptr));
  EXPECT_TRUE(matcher.matches("d/e/z", below, nullptr));
  EXPECT_TRUE(matcher.matches("d/x", top, nullptr));
  MatchInfo foreign{{true}};
  EXPECT_THROW(matcher.matches("d", foreign, nullptr), Error);
}

TEST(PatternMatcher, TakesSpecialCharactersOfExpressionsLiterally) {
  EXPECT_TRUE(covers("a.b+(c)|{d}$", "a.b+(c)|{d}$"));
  EXPECT_FALSE(covers("a.b*", "axb"));
  EXPECT_TRUE(covers("a\\*", "a*"));
  EXPECT_FALSE(covers("a\\*", "ab"));
  EXPECT_TRUE(covers("[a-c]x", "bx"));
  EXPECT_TRUE(covers("[^a-c]x", "dx"));
  EXPECT_TRUE(covers("[[:digit:]]", "7"));
}

TEST(PatternMatcher, RefusesMalformedPatterns) {
  for (const char* pattern : {"[", "[a", "[]a]", "[-]", "[x-]", "a\\", "!", "[\\"}) {
    EXPECT_THROW(PatternMatcher({pattern}), Error) << pattern;
  }
  const PatternMatcher late({"a\\yb*"});
  EXPECT_THROW(late.matches_or_parent_matches("x"), Error);
}

TEST(PatternMatcher, NeverCoversTheRootItself) {
  EXPECT_FALSE(matches_or_parent_matches(".", {"*"}));
  EXPECT_TRUE(matches_or_parent_matches("./a/", {" a "}));
  EXPECT_FALSE(matches_or_parent_matches("a", {"", " "}));
}

TEST(PatternMatcher, StaysLinearOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(covers(pattern + "b", std::string(3000, 'a')));
}

}  // namespace
}  // namespace base
