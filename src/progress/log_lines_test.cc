// SPDX-License-Identifier: Apache-2.0
#include "progress/log_lines.h"

#include <gtest/gtest.h>

namespace progress {
namespace {

using Lines = std::vector<std::string>;

TEST(LogLines, JoinsLinesAcrossChunks) {
  LogLines lines;
  EXPECT_EQ(lines.add("one\ntw"), Lines{"one"});
  EXPECT_EQ(lines.partial(), "tw");
  EXPECT_EQ(lines.add("o\n\nthree"), (Lines{"two", ""}));
  EXPECT_EQ(lines.flush(), "three");
  EXPECT_FALSE(lines.has_partial());
}

TEST(LogLines, AProgressBarBecomesItsLastState) {
  LogLines lines;
  EXPECT_EQ(lines.add(" 1%\r50%"), Lines{});
  EXPECT_EQ(lines.partial(), "50%");
  EXPECT_EQ(lines.add("\r99%\r100%\r\n"), Lines{"100%"});
  EXPECT_EQ(lines.add("dos line\r\n"), Lines{"dos line"});
}

TEST(LogLines, ABarThatNeverEndsKeepsBoundedMemoryAndStaysOneLine) {
  LogLines lines;
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(lines.add("\rdownloading 12345"), Lines{});
  EXPECT_EQ(lines.partial(), "downloading 12345");
}

TEST(LogLines, AnEndlessLineIsCut) {
  LogLines lines;
  const auto got = lines.add(std::string(3 * kMaxLine + 5, 'x'));
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].size(), kMaxLine);
  EXPECT_EQ(lines.partial(), "xxxxx");
}

TEST(LogLines, ColoursStayAndAreReset) {
  EXPECT_EQ(safe_line("\x1b[1;31mred\x1b[0m"), "\x1b[1;31mred\x1b[0m");
  EXPECT_EQ(safe_line("\x1b[31mred"), "\x1b[31mred\x1b[0m");
  EXPECT_EQ(safe_text("\x1b[31mred\x1b[0m\tx"), "red x");
}

TEST(LogLines, EverythingElseThatMovesOrRingsGoes) {
  EXPECT_EQ(safe_line("a\x1b[2Jb\x1b[10;10Hc\x1b[1Ad"), "abcd");
  EXPECT_EQ(safe_line("x\x1b]0;title\ay"), "xy");
  EXPECT_EQ(safe_line("x\x1b]8;;http://h\x1b\\y"), "xy");
  EXPECT_EQ(safe_line("x\x1b]52;c;c2VjcmV0"), "x");  // unterminated: sets the clipboard on some terminals
  EXPECT_EQ(safe_line("x\x1bPq#0\x1b\\y\x1b(B\x1b="), "xy");
  EXPECT_EQ(safe_line("bell\a back\b\x7f\x01"), "bell back");
  EXPECT_EQ(safe_line("c1 \xc2\x9b"
                      "2J"),
            "c1 2J");
  EXPECT_EQ(safe_line("end\x1b"), "end");
  EXPECT_EQ(safe_line("end\x1b["), "end");
  EXPECT_EQ(safe_line("tab\tkept"), "tab\tkept");
}

TEST(LogLines, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(safe_line("caf\xe9 ok"), "caf\xef\xbf\xbd ok");
  EXPECT_EQ(safe_line(std::string("nul\0x", 5)), "nulx");
}

TEST(LogLines, MessagesKeepTheirLinesAndNothingElse) {
  EXPECT_EQ(safe_paragraph("a\nb\x1b[2J\n"), "a\nb\n");
  EXPECT_EQ(safe_text("a\nb\r"), "a b ");
}

}  // namespace
}  // namespace progress
