// SPDX-License-Identifier: Apache-2.0
#include "progress/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "progress/error_report.h"

namespace progress {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Subject, IsWhatTheMessageQuotes) {
  EXPECT_THAT(subjects_of("unsupported mount type \"chache\" (did you mean cache?)"), ElementsAre("chache"));
  EXPECT_THAT(subjects_of("unexpected key 'tarvet' in 'tarvet=/x'"), ElementsAre("tarvet", "tarvet=/x"));
  EXPECT_THAT(subjects_of("couldn't parse `a b`, can't go on"), ElementsAre("a b"));
}

TEST(Subject, IsTheUnknownWordOrTheFirst) {
  EXPECT_THAT(subjects_of("dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)"),
              ElementsAre("COPPY"));
  EXPECT_THAT(subjects_of("biuld: docker.io/library/biuld:latest: not found"), ElementsAre("biuld"));
  EXPECT_THAT(subjects_of("localhost:5000/x:1: not found"), ElementsAre("localhost:5000/x:1"));
}

TEST(Subject, IsAPathWithAndWithoutItsRoot) {
  EXPECT_THAT(subjects_of("\"/src/nothere\": not found"), ElementsAre("/src/nothere", "src/nothere"));
}

TEST(Subject, IsAVariableInParentheses) {
  EXPECT_THAT(subjects_of("base name (${BSE}) should not be blank"), ElementsAre("${BSE}"));
}

TEST(Subject, MayBeMissing) {
  EXPECT_THAT(subjects_of(""), IsEmpty());
  EXPECT_THAT(subjects_of("an unmatched \" quote"), IsEmpty());
  EXPECT_THAT(subjects_of("one character \"x\""), IsEmpty());
}

std::string report(const std::string& text, int line, const std::string& message) {
  base::Error error(base::Code::invalid_argument, message);
  error.set_source({.filename = "Dockerfile",
                    .data = std::make_shared<const std::string>(text),
                    .spans = {{.start = {line, 0}, .end = {line, 0}}}});
  return error_report(error);
}

TEST(Caret, PointsBelowTheWord) {
  EXPECT_EQ(report("FROM scratch\nCOPY --form=x a b", 2, "unknown flag: --form"),
            "Dockerfile:2\n--------------------\n"
            "   1 |     FROM scratch\n"
            "   2 | >>> COPY --form=x a b\n"
            "     |          ^^^^^^\n"
            "--------------------\n"
            "ERROR: unknown flag: --form\n");
}

TEST(Caret, CountsCharactersAndKeepsTabs) {
  const auto text = report("RUN\techo \xc3\xa4\xc3\xb6 bad", 1, "no such thing \"bad\"");
  EXPECT_NE(text.find("\n     |        \t        ^^^\n"), std::string::npos) << text;
}

TEST(Caret, PointsAtWholeWordsOfMarkedLines) {
  const std::string text = "ENV bad=1\nRUN badge bad";
  EXPECT_NE(report(text, 2, "see \"bad\"").find("RUN badge bad\n     |               ^^^\n"), std::string::npos);
  EXPECT_EQ(report(text, 2, "see \"worse\"").find('^'), std::string::npos);
  EXPECT_EQ(report(text, 2, "see \"RUN badge bad\"").find('^'), std::string::npos) << "a whole line needs no caret";
}

}  // namespace
}  // namespace progress
