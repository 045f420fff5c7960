// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_words.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

const EnvironmentList& environment() {
  static const EnvironmentList kEnvironment({"NAME=world", "EMPTY=", "FILE=dir/app.tar.gz", "TWO=one two", "N=2"});
  return kEnvironment;
}

std::string expanded(std::string_view word, ShellOptions options = {}) {
  return ShellWords(U'\\', options).expand(word, environment()).text;
}

std::string failure(std::string_view word) {
  try {
    expanded(word);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(ShellWords, ReplacesVariablesInBothForms) {
  EXPECT_EQ(expanded("hello $NAME and ${NAME}!"), "hello world and world!");
  EXPECT_EQ(expanded("[$UNSET][${UNSET}]"), "[][]");
  EXPECT_EQ(expanded("$NAME$N/$"), "world2/$");
}

TEST(ShellWords, KnowsDefaultsAndAlternatives) {
  EXPECT_EQ(expanded("${UNSET:-a}${UNSET-b}${EMPTY:-c}${EMPTY-d}${NAME:-e}"), "abcworld");
  EXPECT_EQ(expanded("${UNSET:+a}${UNSET+b}${EMPTY:+c}${EMPTY+d}${NAME:+e}"), "de");
  EXPECT_EQ(expanded("${UNSET:-${NAME}-${UNSET:-x}}"), "world-x");
}

TEST(ShellWords, FailsWithTheMessageOfARequiredVariable) {
  EXPECT_EQ(expanded("${NAME:?gone}"), "world");
  EXPECT_EQ(failure("${UNSET:?gone}"), "failed to process \"${UNSET:?gone}\": UNSET: gone");
  EXPECT_EQ(failure("${UNSET?}"), "failed to process \"${UNSET?}\": UNSET: is not allowed to be unset");
  EXPECT_EQ(failure("${EMPTY:?}"), "failed to process \"${EMPTY:?}\": EMPTY: is not allowed to be empty");
  EXPECT_EQ(expanded("${EMPTY?x}"), "");
}

TEST(ShellWords, TrimsAndReplacesPatterns) {
  EXPECT_EQ(expanded("${FILE#*/} ${FILE##*.} ${FILE%.*} ${FILE%%.*}"), "app.tar.gz gz dir/app.tar dir/app");
  EXPECT_EQ(expanded("${FILE/a/A} ${FILE//a/A} ${FILE/\\//:}"), "dir/App.tar.gz dir/App.tAr.gz dir:app.tar.gz");
}

TEST(ShellWords, HonoursQuotesAndEscapes) {
  EXPECT_EQ(expanded("'$NAME' \"$NAME\" \\$NAME"), "$NAME world $NAME");
  EXPECT_EQ(expanded("\"a\\\"b\\c\" 'd\\e'"), "a\"b\\c d\\e");
  EXPECT_EQ(expanded("it\\'s"), "it's");
  EXPECT_EQ(expanded("end\\"), "end");
}

TEST(ShellWords, UsesAnotherEscapeCharacterWhenTold) {
  const auto result = ShellWords(U'`').expand("C:\\dir `$NAME $NAME", environment());
  EXPECT_EQ(result.text, "C:\\dir $NAME world");
}

TEST(ShellWords, SplitsAfterExpansionButNotInsideQuotes) {
  const ShellWords words;
  EXPECT_EQ(words.split("a  $TWO 'b  c' \"$TWO\"", environment()),
            (std::vector<std::string>{"a", "one", "two", "b  c", "one two"}));
  EXPECT_TRUE(words.split(" \t ", environment()).empty());
}

TEST(ShellWords, TellsWhichVariablesWereFound) {
  const auto result = ShellWords().expand("$NAME ${UNSET:-$N} $OTHER", environment());
  EXPECT_EQ(result.matched, (std::set<std::string>{"N", "NAME"}));
  EXPECT_EQ(result.unmatched, (std::set<std::string>{"OTHER", "UNSET"}));
}

TEST(ShellWords, KeepsRawTextWhenAskedTo) {
  EXPECT_EQ(expanded("\"$NAME\" 'x'", {.raw_quotes = true}), "\"world\" 'x'");
  EXPECT_EQ(expanded("\\a\\$NAME", {.raw_escapes = true}), "\\a\\$NAME");
  EXPECT_EQ(expanded("'$NAME'", {.skip_process_quotes = true}), "'world'");
  EXPECT_EQ(expanded("$UNSET ${UNSET} ${UNSET:-a} $NAME", {.skip_unset = true}), "$UNSET ${UNSET} ${UNSET:-a} world");
}

TEST(ShellWords, ReadsNamesBeyondAsciiAndSpecialParameters) {
  const EnvironmentList korean({"한국=서울", "1=one"});
  EXPECT_EQ(ShellWords().expand("$한국 $12 $1 $$", korean).text, "서울  one ");
}

TEST(ShellWords, NamesWhatIsWrong) {
  EXPECT_EQ(failure("${"), "failed to process \"${\": syntax error: missing '}'");
  EXPECT_EQ(failure("${}"), "failed to process \"${}\": syntax error: bad substitution");
  EXPECT_EQ(failure("${NAME"), "failed to process \"${NAME\": unsupported modifier (\xef\xbf\xbd) in substitution");
  EXPECT_EQ(failure("${NAME:-x"), "failed to process \"${NAME:-x\": syntax error: missing '}'");
  EXPECT_EQ(failure("${NAME:#x}"), "failed to process \"${NAME:#x}\": unsupported modifier (:#) in substitution");
  EXPECT_EQ(failure("${NAME/x}"), "failed to process \"${NAME/x}\": syntax error: missing '/' in ${}");
  EXPECT_EQ(failure("'a"),
            "failed to process \"'a\": unexpected end of statement while looking for matching single-quote");
  EXPECT_EQ(failure("\"a"),
            "failed to process \"\\\"a\": unexpected end of statement while looking for matching double-quote");
}

TEST(ShellWords, RefusesAbsurdNestingInsteadOfCrashing) {
  std::string word;
  for (int i = 0; i < 100000; ++i) word += "${A:-";
  EXPECT_NE(failure(word), "");
}

TEST(ShellWords, SurvivesBytesThatAreNotText) {
  EXPECT_EQ(expanded("a\xff$NAME"), "a\xef\xbf\xbdworld");
  EXPECT_EQ(expanded(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

}  // namespace
}  // namespace dockerfile
