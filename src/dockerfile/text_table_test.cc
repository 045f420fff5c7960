// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/text_table.h"

#include <gtest/gtest.h>

namespace dockerfile {
namespace {

TEST(TextTable, MakesColumnsAsWideAsTheirWidestCell) {
  EXPECT_EQ(align_columns("NAME\tVALUE\tTEXT\nlonger\tx\tsome\n", 3), "NAME     VALUE   TEXT\nlonger   x       some\n");
}

TEST(TextTable, CountsCharactersNotBytes) { EXPECT_EQ(align_columns("ü\t1\nab\t2\n", 1), "ü  1\nab 2\n"); }

TEST(TextTable, LeavesTheTextBehindTheLastTabAlone) {
  EXPECT_EQ(align_columns("a\tb\n\nlonger text\nc\td\n", 2), "a  b\n\nlonger text\nc  d\n");
}

TEST(TextTable, EndsAColumnWhereALineHasNoCellForIt) {
  EXPECT_EQ(align_columns("aaaa\t1\nplain\nb\t2\n", 1), "aaaa 1\nplain\nb 2\n");
}

TEST(TextTable, KeepsEmptyCells) { EXPECT_EQ(align_columns("A\tB\n\tx\n", 1), "A B\n  x\n"); }

}  // namespace
}  // namespace dockerfile
