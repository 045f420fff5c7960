// SPDX-License-Identifier: Apache-2.0
#include "cli/check_report.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace cli {
namespace {

using base::Json;

dockerfile::CheckReport sample() {
  dockerfile::CheckReport report;
  report.filename = "app.Dockerfile";
  report.text = std::make_shared<const std::string>("FROM a\nRUN b \\\n  c\n");
  report.findings.push_back(
      {"FromAsCasing", "About casing", "https://example.org/casing", "first", "", {{{1, 0}, {1, 0}}}});
  report.findings.push_back({"UnusedStage", "About stages", "docs/checks/unused-stage.md", "second", "Remove it",
                             dockerfile::line_ranges(2, 3)});
  report.findings.push_back({"FromAsCasing", "About casing", "https://example.org/casing", "third", "", {}});
  return report;
}

TEST(CheckReport, TextIsLaidOutAsBuildxDoes) {
  auto report = sample();
  report.findings.pop_back();
  EXPECT_EQ(check_text(report), R"(
WARNING: FromAsCasing - https://example.org/casing
first
app.Dockerfile:1
--------------------
   1 | >>> FROM a
   2 |     RUN b \
   3 |       c
--------------------

WARNING: UnusedStage - docs/checks/unused-stage.md
second
fix: Remove it
app.Dockerfile:2
--------------------
   1 |     FROM a
   2 | >>> RUN b \
   3 | >>>   c
   4 |     
--------------------
)");
}

TEST(CheckReport, TextFromTheDockerfileCannotSpeakToTheTerminal) {
  dockerfile::CheckReport report;
  report.text = std::make_shared<const std::string>("");
  report.findings.push_back({"UnusedStage", "", "", "stage \x1b]0;evil\x07 \x1b[2J", "use \x1b[31m", {}});
  EXPECT_EQ(check_text(report).find('\x1b'), std::string::npos);
  EXPECT_EQ(check_json(report).find('\x1b'), std::string::npos);
  EXPECT_EQ(check_sarif(report, "Dockerfile").find('\x1b'), std::string::npos);
}

TEST(CheckReport, JsonHasBuildKitsMembersAndTheFix) {
  const auto json = Json::parse(check_json(sample()));
  const auto& warnings = json["warnings"].items();
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_EQ(warnings[1]["ruleName"].as_string(), "UnusedStage");
  EXPECT_EQ(warnings[1]["detail"].as_string(), "second");
  EXPECT_EQ(warnings[1]["fix"].as_string(), "Remove it");
  EXPECT_EQ(warnings[1]["location"]["ranges"].items().at(1)["start"]["line"].as_int(), 3);
  EXPECT_FALSE(warnings[0].contains("fix"));
  EXPECT_EQ(json["sources"].items().at(0)["filename"].as_string(), "app.Dockerfile");
  EXPECT_FALSE(json.contains("buildError"));
}

TEST(CheckReport, SarifNamesEveryRuleOnceAndPointsAtLines) {
  const auto json = Json::parse(check_sarif(sample(), "a b/é.Dockerfile"));
  EXPECT_EQ(json["version"].as_string(), "2.1.0");
  const auto& run = json["runs"].items().at(0);
  const auto& rules = run["tool"]["driver"]["rules"].items();
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0]["helpUri"].as_string(), "https://example.org/casing");
  EXPECT_FALSE(rules[1].contains("helpUri"));
  const auto& results = run["results"].items();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[2]["ruleIndex"].as_int(), 0);
  EXPECT_EQ(results[1]["message"]["text"].as_string(), "second. Remove it.");
  const auto& region = results[1]["locations"].items().at(0)["physicalLocation"]["region"];
  EXPECT_EQ(region["startLine"].as_int(), 2);
  EXPECT_EQ(region["endLine"].as_int(), 3);
  EXPECT_EQ(results[1]["locations"].items().at(0)["physicalLocation"]["artifactLocation"]["uri"].as_string(),
            "a%20b/%C3%A9.Dockerfile");
  // SARIF knows no line 0: a finding without a place has no region.
  EXPECT_FALSE(results[2]["locations"].items().at(0)["physicalLocation"].contains("region"));
  EXPECT_TRUE(run["invocations"].items().at(0)["executionSuccessful"].as_bool());
}

TEST(CheckReport, AStoppedCheckIsNoCleanOne) {
  auto report = sample();
  report.error = base::Error(base::Code::invalid_argument, "unknown instruction: RUNN");
  report.error->set_source({"app.Dockerfile", report.text, dockerfile::line_ranges(2, 2)});
  const auto run = Json::parse(check_sarif(report, "Dockerfile"))["runs"].items().at(0);
  const auto& invocation = run["invocations"].items().at(0);
  EXPECT_FALSE(invocation["executionSuccessful"].as_bool());
  EXPECT_EQ(invocation["toolExecutionNotifications"].items().at(0)["message"]["text"].as_string(),
            "unknown instruction: RUNN");
  EXPECT_EQ(Json::parse(check_json(report))["buildError"]["message"].as_string(), "unknown instruction: RUNN");
}

}  // namespace
}  // namespace cli
