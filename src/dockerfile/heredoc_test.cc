// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/heredoc.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

TEST(Heredoc, ReadsNameDescriptorAndChomp) {
  EXPECT_EQ(parse_heredoc("<<EOF"), (Heredoc{.name = "EOF", .expand = true, .content = {}}));
  EXPECT_EQ(parse_heredoc("3<<-END"),
            (Heredoc{.name = "END", .file_descriptor = 3, .expand = true, .chomp = true, .content = {}}));
  EXPECT_EQ(parse_heredoc("<< X")->name, "X");
}

TEST(Heredoc, DoesNotExpandWhenAnyPartOfTheNameIsQuoted) {
  for (const char* word : {"<<'EOF'", "<<\"EOF\"", "<<E'O'F"}) {
    ASSERT_TRUE(parse_heredoc(word)) << word;
    EXPECT_EQ(parse_heredoc(word)->name, "EOF");
    EXPECT_FALSE(parse_heredoc(word)->expand) << word;
  }
}

TEST(Heredoc, IsNothingElse) {
  for (const char* word : {"", "<<", "<EOF", "<<<EOF", "a<<EOF", "<<a b", "<<-"}) {
    EXPECT_FALSE(parse_heredoc(word)) << word;
  }
}

TEST(Heredoc, RefusesAnUnfinishedQuoteUnlessToldOtherwise) {
  EXPECT_THROW(parse_heredoc("<<'EOF"), base::Error);
  EXPECT_FALSE(heredoc_or_nothing("<<'EOF"));
}

TEST(Heredoc, FindsAllOfALine) {
  const auto found = heredocs_of_line("RUN cat <<A 4<<-B && echo '<<C' \"x\" << D");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].name, "A");
  EXPECT_EQ(found[1].file_descriptor, 4u);
  EXPECT_EQ(found[2].name, "D");
  EXPECT_TRUE(heredocs_of_line("RUN echo \"unfinished <<A").empty());
}

TEST(Heredoc, ChompsLeadingTabsOfEveryLine) { EXPECT_EQ(chomp_heredoc("\t\ta\n\t b\tc\n\n\td"), "a\n b\tc\n\nd"); }

}  // namespace
}  // namespace dockerfile
