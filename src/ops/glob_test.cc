// SPDX-License-Identifier: Apache-2.0
#include "ops/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace ops {
namespace {

TEST(Glob, MatchesAsGoDoes) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Case& c : {Case{"abc", "abc", true},
                        {"*", "abc", true},
                        {"*c", "abc", true},
                        {"a*", "a", true},
                        {"a*", "ab/c", false},
                        {"a*/b", "abc/b", true},
                        {"a*/b", "a/c/b", false},
                        {"a*b*c*d*e*", "axbxcxdxe", true},
                        {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
                        {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
                        {"a*b?c*x", "abxbbxdbxebxczzx", true},
                        {"a*b?c*x", "abxbbxdbxebxczzy", false},
                        {"ab[c]", "abc", true},
                        {"ab[b-d]", "abc", true},
                        {"ab[e-g]", "abc", false},
                        {"ab[^c]", "abc", false},
                        {"ab[^b-d]", "abc", false},
                        {"ab[^e-g]", "abc", true},
                        {"a\\*b", "a*b", true},
                        {"a\\*b", "ab", false},
                        {"a?b", "a☺b", true},
                        {"a[^a]b", "a☺b", true},
                        {"a???b", "a☺b", false},
                        {"[a-ζ]*", "α", true},
                        {"*[a-ζ]", "A", false},
                        {"a?b", "a/b", false},
                        {"a*b", "a/b", false},
                        {"[\\]a]", "]", true},
                        {"[\\-]", "-", true},
                        {"[x\\-]", "z", false},
                        {"*x", "xxx", true},
                        {"", "", true},
                        {"", "a", false},
                        {"**", "ab", true},
                        {"*", "", true},
                        {"?", "", false}}) {
    EXPECT_EQ(glob_match(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
  }
}

TEST(Glob, AMalformedPatternIsSoForEveryName) {
  for (const char* pattern :
       {"[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "a\\", "x/[a", "*[", "[a-"}) {
    for (const char* name : {"", "a", "zz", "a/b"}) EXPECT_FALSE(glob_match(pattern, name)) << pattern << " " << name;
  }
}

TEST(Glob, ManyStarsStayCheap) {
  const std::string name(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_EQ(glob_match(pattern + "b", name), false);
}

TEST(Glob, FindsWildcardsThatAreNotEscaped) {
  EXPECT_TRUE(has_wildcards("a*"));
  EXPECT_TRUE(has_wildcards("[a]"));
  EXPECT_FALSE(has_wildcards("a\\*"));
  EXPECT_TRUE(has_wildcards("a\\*?"));
}

TEST(Glob, SplitsTheLiteralBeginningOff) {
  const auto wild = split_wildcards("/a/./b/*/c/");
  EXPECT_EQ(wild.literal, "/a/b");
  EXPECT_EQ(wild.pattern, "*/c");
  EXPECT_EQ(split_wildcards("/a/b").pattern, "");
  EXPECT_EQ(split_wildcards("/*.txt").literal, "/");
  EXPECT_EQ(split_wildcards("/").literal, "/");
}

}  // namespace
}  // namespace ops
