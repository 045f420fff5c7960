// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/directives.h"

#include <gtest/gtest.h>

namespace dockerfile {
namespace {

TEST(Directives, AreReadUpToTheFirstOtherLine) {
  const auto found = read_directives("# Syntax = a/b:1 x \n#escape=`\n# note\n# check=skip=all\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "syntax");
  EXPECT_EQ(found[0].value, "a/b:1 x");
  EXPECT_EQ(found[1].value, "`");
  EXPECT_EQ(found[1].line, 2);
}

TEST(Directives, MayComeOnlyOnce) {
  std::optional<base::Error> error;
  EXPECT_EQ(read_directives("#syntax=a\n#syntax=b\n", DirectiveReader(), &error).size(), 1u);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text(), "only one syntax parser directive can be used");
}

TEST(Directives, NeedANameAndAValue) {
  for (const char* text : {"#syntax=", "#=a", "#syn-tax=a", "#1syntax=a", "# other=a", " # syntax=a", ""}) {
    EXPECT_TRUE(read_directives(text).empty()) << text;
  }
}

TEST(DetectSyntax, FindsAllThreeForms) {
  EXPECT_EQ(detect_syntax("# syntax=one two\nFROM x")->first_word, "one");
  EXPECT_EQ(detect_syntax("# syntax=one two\nFROM x")->value, "one two");
  EXPECT_EQ(detect_syntax("//syntax=c\n")->value, "c");
  EXPECT_EQ(detect_syntax("{\"syntax\": \"j\", \"n\": [1]}")->value, "j");
  EXPECT_FALSE(detect_syntax("FROM x\n# syntax=late"));
  EXPECT_FALSE(detect_syntax("{\"syntax\": 1}"));
  EXPECT_FALSE(detect_syntax("{\"syntax\": \"j\""));
}

TEST(DetectSyntax, LooksBehindAMarkAndAShebang) {
  const auto use = detect_syntax("\xef\xbb\xbf#!/bin/x\n# syntax=s\n");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->location, line_ranges(2, 2));
}

TEST(FindDirective, LooksForOneInHashFormOnly) {
  EXPECT_EQ(find_directive("check", "# syntax=a\n# check=error=true\n")->value, "error=true");
  EXPECT_FALSE(find_directive("check", "//check=error=true\n"));
}

}  // namespace
}  // namespace dockerfile
