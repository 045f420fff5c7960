// SPDX-License-Identifier: Apache-2.0
#include "base/char_pattern.h"

#include <gtest/gtest.h>

namespace base {
namespace {

bool matches(std::string_view expression, std::string_view text) {
  const auto pattern = CharPattern::compile(expression);
  EXPECT_TRUE(pattern) << expression;
  return pattern && pattern->matches(text);
}

TEST(CharPattern, RepeatsAndGroups) {
  EXPECT_TRUE(matches("^(.*/)?x$", "x"));
  EXPECT_TRUE(matches("^(.*/)?x$", "a/b/x"));
  EXPECT_FALSE(matches("^(.*/)?x$", "ax"));
  EXPECT_TRUE(matches("^[^/]*$", ""));
  EXPECT_FALSE(matches("^a.c$", "a\nc"));
}

TEST(CharPattern, KnowsClassesAndEscapes) {
  EXPECT_TRUE(matches("^[\\d\\-x]*$", "1-x"));
  EXPECT_TRUE(matches("^\\D\\w\\s$", "\xed\x95\x9c_ "));
  EXPECT_TRUE(matches("^[^\\d]$", "\xed\x95\x9c"));
  EXPECT_TRUE(matches("^[[:^alpha:]]$", "1"));
  EXPECT_TRUE(matches("^\\x41\\x{e9}\\101\\t$",
                      "A\xc3\xa9"
                      "A\t"));
  EXPECT_TRUE(matches("^[]a]$", "]"));
  EXPECT_TRUE(matches("^\\Qa*\\E.$", "a*b"));
}

TEST(CharPattern, KnowsEdges) {
  EXPECT_TRUE(matches("^a\\b-b$", "a-b"));
  EXPECT_FALSE(matches("^a\\bb$", "ab"));
  EXPECT_TRUE(matches("^a\\Bb\\z", "ab"));
  EXPECT_FALSE(matches("^a^b$", "ab"));
}

TEST(CharPattern, RefusesWhatIsMalformed) {
  for (const char* bad : {"^[a$", "^\\y$", "^\\", "^(a$", "^a)$", "*a", "^\\1$", "^[b-a]$", "^[[:nope:]]$",
                          "^\\x{110000}$", "^\\xg$", "^a{2}$", "^a|b$", "^\\pL$"}) {
    EXPECT_FALSE(CharPattern::compile(bad)) << bad;
  }
}

}  // namespace
}  // namespace base
