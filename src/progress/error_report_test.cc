// SPDX-License-Identifier: Apache-2.0
#include "progress/error_report.h"

#include <gtest/gtest.h>

#include "progress/testing/golden.h"

namespace progress {
namespace {

using testing::golden;

base::SourceRange source(const std::string& text, std::vector<base::SourceSpan> spans) {
  return {.filename = "Dockerfile", .data = std::make_shared<const std::string>(text), .spans = std::move(spans)};
}

base::SourceSpan lines(int first, int last) { return {{first, 0}, {last, 0}}; }

const std::string kText = "FROM a\nRUN 2\nRUN 3\nRUN 4\nRUN 5 \\\n  && 6\nRUN 7\nRUN 8\nRUN 9";

TEST(ErrorReport, ReadsAsBuildxPrintsIt) {
  base::Error error(base::Code::unknown,
                    "process \"/bin/sh -c make test\" did not complete successfully: exit code: 2");
  error.add_frame("failed to solve");
  error.set_source(source(kText, {lines(5, 6)}));
  error.set_hint("run `slipway shell` to look around");
  const FailedStep step{.name = "[builder 3/4] RUN make test", .log_tail = {"0.512 one", "0.600 two\x1b[2J"}};
  const auto text = error_report(error, step);
  EXPECT_EQ(text, golden(SLIPWAY_TESTDATA, "error_report.txt", text));
}

TEST(ErrorReport, WithoutSourceAndStepItIsOneLine) {
  EXPECT_EQ(error_report(base::Error(base::Code::not_found, "open x: no such file")), "ERROR: open x: no such file\n");
}

TEST(ErrorReport, TextFromOutsideIsMadeSafe) {
  EXPECT_EQ(error_report(base::Error(base::Code::unknown, "registry said \x1b]0;pwned\a\r\nmore")),
            "ERROR: registry said  \nmore\n");
}

TEST(SourceExcerpt, ASingleLineHasMoreAroundIt) {
  EXPECT_EQ(source_excerpt(source(kText, {lines(1, 1)})),
            "Dockerfile:1\n--------------------\n"
            "   1 | >>> FROM a\n   2 |     RUN 2\n   3 |     RUN 3\n"
            "--------------------\n");
  const auto middle = source_excerpt(source(kText, {lines(4, 4)}));
  EXPECT_NE(
      middle.find("   2 |     RUN 2\n   3 |     RUN 3\n   4 | >>> RUN 4\n   5 |     RUN 5 \\\n   6 |       && 6\n---"),
      std::string::npos)
      << middle;
}

TEST(SourceExcerpt, SpansOutsideTheTextGiveNothing) {
  EXPECT_EQ(source_excerpt(source(kText, {})), "");
  EXPECT_EQ(source_excerpt(source(kText, {lines(0, 0)})), "");
  EXPECT_EQ(source_excerpt(source(kText, {lines(10, 11)})), "");
  EXPECT_EQ(source_excerpt({.filename = "x", .data = nullptr, .spans = {lines(1, 1)}}), "");
  EXPECT_NE(source_excerpt(source("one", {lines(1, 2'000'000'000)})), "");
  EXPECT_NE(source_excerpt(source("", {lines(1, 1)})).find(">>>"), std::string::npos);
}

TEST(SourceExcerpt, ABackwardSpanIsItsFirstLine) {
  const auto text = source_excerpt(source(kText, {lines(3, 0)}));
  EXPECT_TRUE(text.starts_with("Dockerfile:3\n")) << text;
  EXPECT_NE(text.find("   3 | >>> RUN 3\n"), std::string::npos);
  EXPECT_NE(text.find("   4 |     RUN 4\n"), std::string::npos);
}

TEST(WarningsReport, ListsEachOnceWithItsLine) {
  EXPECT_EQ(warnings_report({}), "");
  VertexWarning first{.vertex = {}, .short_text = "JSONArgsRecommended: use exec form (line 3)"};
  VertexWarning second{.vertex = {}, .short_text = "Other", .source = source(kText, {lines(7, 7)})};
  EXPECT_EQ(warnings_report({first, second, first}),
            "\n 2 warnings found:\n - JSONArgsRecommended: use exec form (line 3)\n - Other (line 7)\n");
  EXPECT_TRUE(warnings_report({first}).starts_with("\n 1 warning found:"));
}

}  // namespace
}  // namespace progress
