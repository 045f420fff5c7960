// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/parser.h"

#include <gtest/gtest.h>

namespace dockerfile {
namespace {

using Strings = std::vector<std::string>;

Statement only(std::string_view text) {
  const ParsedFile file = parse_dockerfile(text);
  EXPECT_EQ(file.statements.size(), 1u);
  return file.statements.at(0);
}

/// "message @first-last" of the error.
std::string failure(std::string_view text) {
  try {
    parse_dockerfile(text);
  } catch (const LocatedError& error) {
    const Ranges& where = error.locations().at(0);
    return base::format("{} @{}-{}", error.text(), where.front().start.line, where.back().end.line);
  }
  return "";
}

TEST(Parser, SplitsArgumentsAsTheInstructionDemands) {
  EXPECT_EQ(only("RUN echo  a b").arguments, Strings{"echo  a b"});
  EXPECT_EQ(only("RUN [\"echo\", \"a b\"]").arguments, (Strings{"echo", "a b"}));
  EXPECT_TRUE(only("RUN [\"echo\", \"a b\"]").json);
  EXPECT_EQ(only("COPY a  \tb c/").arguments, (Strings{"a", "b", "c/"}));
  EXPECT_EQ(only("ENV a=1 b=\"x y\"").arguments, (Strings{"a", "1", "=", "b", "\"x y\"", "="}));
  EXPECT_EQ(only("ENV a  1 2").arguments, (Strings{"a", "1 2", ""}));
  EXPECT_EQ(only("ARG a=1 b 'c d'=2").arguments, (Strings{"a=1", "b", "'c d'=2"}));
  EXPECT_EQ(only("HEALTHCHECK CMD  a b").arguments, (Strings{"CMD", "a b"}));
  EXPECT_EQ(only("USER  me too ").arguments, Strings{"me too"});
  EXPECT_EQ(only("CMD []").arguments, Strings{});
  EXPECT_EQ(only("BOGUS x").arguments, Strings{""});
}

TEST(Parser, TakesFlagsOffTheFront) {
  const Statement run = only("run --mount=type=cache,target=\"/a b\" --x\\ y -- --z");
  EXPECT_EQ(run.command, "run");
  EXPECT_EQ(run.flags, (Strings{"--mount=type=cache,target=/a b", "--x y"}));
  EXPECT_EQ(run.arguments, Strings{"--z"});
}

TEST(Parser, JoinsContinuedLinesAndSkipsCommentsBetween) {
  const ParsedFile file = parse_dockerfile("FROM a\nRUN one \\\n  # remark\n  two \\ \n three\nCMD x");
  ASSERT_EQ(file.statements.size(), 3u);
  EXPECT_EQ(file.statements[1].original, "RUN one   two  three");
  EXPECT_EQ(file.statements[1].start_line, 2);
  EXPECT_EQ(file.statements[1].end_line, 5);
  EXPECT_EQ(file.statements[1].location().size(), 4u);
  EXPECT_TRUE(file.warnings.empty());
}

TEST(Parser, AnEscapedEscapeDoesNotContinueTheLine) {
  EXPECT_EQ(parse_dockerfile("RUN a \\\\\nRUN b").statements.size(), 2u);
}

TEST(Parser, WarnsOfEmptyContinuationLines) {
  const ParsedFile file = parse_dockerfile("RUN a \\\n\n  b\n");
  ASSERT_EQ(file.warnings.size(), 1u);
  EXPECT_EQ(file.warnings[0].text, "Empty continuation line found in: RUN a   b");
  EXPECT_EQ(file.warnings[0].location.start.line, 3);
}

TEST(Parser, KeepsTheCommentsAbove) {
  const ParsedFile file = parse_dockerfile("# syntax=x\n# lost\n#\n# kept\n\n#  too \nFROM a\nRUN b\n");
  EXPECT_EQ(file.statements[0].comments, (Strings{"kept", "too"}));
  EXPECT_TRUE(file.statements[1].comments.empty());
}

TEST(Parser, ObeysTheEscapeDirective) {
  const ParsedFile file = parse_dockerfile("# escape=`\nRUN dir C:\\ `\n more\nENV a=`\"x\n");
  EXPECT_EQ(file.escape, '`');
  EXPECT_EQ(file.statements[0].original, "RUN dir C:\\  more");
  EXPECT_EQ(file.statements[1].arguments, (Strings{"a", "`\"x", "="}));
  EXPECT_EQ(failure("# escape=x\nFROM a"), "invalid escape token 'x' does not match ` or \\ @0-0");
}

TEST(Parser, ReadsHeredocsOfRunCopyAndAdd) {
  const ParsedFile file =
      parse_dockerfile("RUN <<A cat <<-B\none\nA\n\ttwo\n\tB\nCMD <<C\nONBUILD COPY <<D /d\nx\nD\n");
  ASSERT_EQ(file.statements.size(), 3u);
  ASSERT_EQ(file.statements[0].heredocs.size(), 2u);
  EXPECT_EQ(file.statements[0].heredocs[0].content, "one\n");
  EXPECT_EQ(file.statements[0].heredocs[1].content, "\ttwo\n");
  EXPECT_EQ(file.statements[0].end_line, 5);
  EXPECT_TRUE(file.statements[1].heredocs.empty());
  EXPECT_EQ(file.statements[2].heredocs.at(0).content, "x\n");
  EXPECT_EQ(failure("FROM a\nRUN <<A\none\n"), "unterminated heredoc @2-3");
}

TEST(Parser, NestsTheStatementOfOnbuild) {
  const Statement onbuild = only("ONBUILD COPY --from=x [\"a\", \"b\"]");
  ASSERT_EQ(onbuild.nested.size(), 1u);
  EXPECT_EQ(onbuild.nested[0].flags, Strings{"--from=x"});
  EXPECT_EQ(onbuild.flat_arguments(), (Strings{"COPY", "a", "b"}));
}

TEST(Parser, AcceptsMarksAndForeignLineEnds) {
  const ParsedFile file = parse_dockerfile(
      "\xef\xbb\xbf"
      "FROM a\r\nRUN b \\\r\n c\r\n");
  EXPECT_EQ(file.statements[0].command, "FROM");
  EXPECT_EQ(file.statements[1].arguments, Strings{"b  c"});
}

TEST(Parser, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(failure(""), "file with no instructions @0-0");
  EXPECT_EQ(failure("# only\n\n"), "file with no instructions @2-2");
  EXPECT_EQ(failure("FROM a\nENV x\n"), "ENV must have two arguments @2-2");
  EXPECT_EQ(failure("FROM a\nLABEL a=1 \\\n b\n"),
            "Syntax error - can't find = in \"b\". Must be of the form: name=value @2-3");
  EXPECT_EQ(failure("CMD [\"a\", 1]"), "when using JSON array syntax, arrays must be comprised of strings only @1-1");
  EXPECT_EQ(failure("#syntax=a\n#syntax=b\nFROM a"), "only one syntax parser directive can be used @1-1");
}

TEST(Parser, RefusesOverlongLines) {
  const std::string longest = "RUN " + std::string(65536 - 5, 'x') + "\n";
  EXPECT_EQ(failure(longest + "CMD a"), "");
  EXPECT_EQ(failure("FROM a\nx" + longest), "dockerfile line greater than max allowed size of 65535 @1-1");
  EXPECT_EQ(failure("FROM a\n" + longest.substr(0, 65535)), "");
}

TEST(Parser, RefusesEndlessOnbuild) {
  std::string line;
  for (int i = 0; i < 100000; ++i) line += "ONBUILD \\\n";
  EXPECT_NE(failure(line + "RUN a"), "");
}

TEST(Parser, ReadsLongFilesInOneGo) {
  std::string text = "FROM a\n";
  for (int i = 0; i < 10000; ++i) text += "RUN echo ${X:-" + std::to_string(i) + "} \\\n && true\n";
  EXPECT_EQ(parse_dockerfile(text).statements.size(), 10001u);
}

}  // namespace
}  // namespace dockerfile
