// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_calls.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "dockerfile/parser.h"

namespace dockerfile {
namespace {

/// The calls, words joined by "|", calls by " ; ".
std::string joined(const std::vector<ShellCall>& calls) {
  std::vector<std::string> texts;
  for (const auto& call : calls) texts.push_back(base::join(call.words, "|") + (call.reads_input ? "<" : ""));
  return base::join(texts, " ; ");
}
std::string calls_of(std::string_view script) { return joined(shell_calls(script)); }

std::string calls_of_run(std::string_view text) {
  const auto command = parse_command(parse_dockerfile(text).statements.at(0));
  return joined(shell_calls(std::get<RunCommand>(command)));
}

TEST(ShellCalls, CutsAtOperatorsAndKeepsQuotedOnesIn) {
  EXPECT_EQ(calls_of("a 1 && b 2 || c; d | e & f\ng"), "a|1 ; b|2 ; c ; d ; e ; f ; g");
  EXPECT_EQ(calls_of("echo 'a && b' \"c; d\" e\\;f"), "echo|a && b|c; d|e;f");
  EXPECT_EQ(calls_of("(cd x && make)"), "cd|x ; make");
}

TEST(ShellCalls, DropsWhatIsNotTheProgram) {
  EXPECT_EQ(calls_of("A=1 B='x y' sudo -E env C=2 apt-get update"), "apt-get|update");
  EXPECT_EQ(calls_of("if [ -n \"$X\" ]; then apk add y; fi"), "[|-n|$X|] ; apk|add|y ; fi");
  EXPECT_EQ(calls_of("! { exec /usr/bin/make all; }"), "/usr/bin/make|all");
  EXPECT_EQ(shell_calls("/usr/bin/make all").at(0).program(), "make");
}

TEST(ShellCalls, LeavesRedirectionsOutButRemembersInput) {
  EXPECT_EQ(calls_of("make all > log 2>&1"), "make|all");
  EXPECT_EQ(calls_of("echo 1 >>f <g"), "echo|1<");
  EXPECT_EQ(calls_of("xargs -r apt-get install < list"), "apt-get|install<");
  EXPECT_EQ(calls_of("run &>/dev/null && next"), "run ; next");
}

TEST(ShellCalls, KeepsSubstitutionsAsWords) {
  EXPECT_EQ(calls_of("apt-get install $(cat a; echo b) ${C:-d e} `f g`"),
            "apt-get|install|$(cat a; echo b)|${C:-d e}|`f g`");
}

TEST(ShellCalls, LooksIntoShellScripts) {
  EXPECT_EQ(calls_of("bash -euxc 'apt-get update && apt-get install x'"), "apt-get|update ; apt-get|install|x");
  EXPECT_EQ(calls_of("sh ./build.sh -c x"), "sh|./build.sh|-c|x");
  EXPECT_EQ(calls_of("a # && b\nc"), "a ; c");
}

TEST(ShellCalls, ReadsEveryFormOfRun) {
  EXPECT_EQ(calls_of_run("RUN a b && c"), "a|b ; c");
  EXPECT_EQ(calls_of_run("RUN [\"a\", \"b && c\"]"), "a|b && c");
  EXPECT_EQ(calls_of_run("RUN [\"sh\", \"-c\", \"b && c\"]"), "b ; c");
  EXPECT_EQ(calls_of_run("RUN <<EOF\na b\nc\nEOF\n"), "a|b ; c");
}

TEST(ShellCalls, MakesSomethingOfBrokenScripts) {
  for (const char* script : {"'", "\"", "`", "$(", "${", "a \\", "<", "> ", ")", "sh -c \"sh -c 'sh -c x\""}) {
    EXPECT_NO_THROW(shell_calls(script)) << script;
  }
}

}  // namespace
}  // namespace dockerfile
