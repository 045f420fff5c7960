// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "dockerfile/testing/memory_gateway.h"

namespace dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

CheckReport report_of(MemoryGateway& gateway, const std::string& text, std::string_view rules,
                      std::string_view skip = "", const FrontendOpts& opts = {}) {
  gateway.set_dockerfile(text);
  return check(gateway, opts, RuleChoice::parse(rules, skip));
}

Strings rules_of(const std::string& text, std::string_view rules, std::string_view skip = "",
                 const FrontendOpts& opts = {}) {
  MemoryGateway gateway;
  Strings names;
  for (const auto& finding : report_of(gateway, text, rules, skip, opts).findings) names.push_back(finding.rule);
  return names;
}

TEST(Check, AsksOnlyTheChosenRules) {
  const std::string text = "FROM alpine as x\nCMD [\"app\"]\n";
  EXPECT_THAT(rules_of(text, ""), ElementsAre("FromAsCasing"));
  EXPECT_THAT(rules_of(text, "practice"),
              ElementsAre("BaseImageLatestTag", "BaseImageNotPinned", "FinalStageRunsAsRoot"));
  EXPECT_THAT(rules_of(text, "all", "practice"), ElementsAre("FromAsCasing"));
  EXPECT_THAT(rules_of(text, "FinalStageRunsAsRoot, FromAsCasing", "FromAsCasing"),
              ElementsAre("FinalStageRunsAsRoot"));
}

TEST(Check, RefusesUnknownRules) {
  try {
    RuleChoice::parse("UnusedStag", "");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "there is no rule UnusedStag (did you mean UnusedStage?)");
  }
  EXPECT_THROW(RuleChoice::parse("all", "nothing"), base::Error);
}

TEST(Check, HeedsCommentsAndTheDirective) {
  EXPECT_THAT(rules_of("# check=skip=BaseImageLatestTag,BaseImageNotPinned\nFROM alpine\nCMD [\"app\"]\n", "practice"),
              ElementsAre("FinalStageRunsAsRoot"));
  EXPECT_THAT(rules_of("FROM scratch\n\n# check=skip=SecretArgInHistory\nARG TOKEN\n", "practice"), IsEmpty());
  EXPECT_THAT(rules_of("# check=skip=all\nFROM alpine\nCMD [\"app\"]\n", "all"), IsEmpty());
}

TEST(Check, KnowsTheUserOfTheBaseImage) {
  MemoryGateway gateway;
  gateway.configs["docker.io/library/alpine:3"] =
      R"({"architecture":"amd64","os":"linux","config":{"User":"app"},"rootfs":{"type":"layers","diff_ids":["sha256:x"]}})";
  EXPECT_THAT(report_of(gateway, "FROM alpine:3\nCMD [\"x\"]\n", "FinalStageRunsAsRoot").findings, IsEmpty());
  EXPECT_EQ(report_of(gateway, "FROM alpine:4\nCMD [\"x\"]\n", "FinalStageRunsAsRoot").findings.size(), 1u);
}

TEST(Check, KnowsDigestsAndNamedContexts) {
  MemoryGateway gateway;
  const auto report = report_of(gateway, "FROM alpine:3\n", "BaseImageNotPinned");
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_THAT(report.findings[0].fix, HasSubstr("alpine:3@" + MemoryGateway::digest_of("docker.io/library/alpine:3")));
  EXPECT_THAT(rules_of("FROM alpine:3\n", "practice", "", {{"context:alpine:3", "local:x"}}), IsEmpty());
}

TEST(Check, LooksAtTheTargetAskedFor) {
  const std::string text = "FROM scratch AS a\nCMD [\"x\"]\nFROM a\nUSER me\n";
  EXPECT_THAT(rules_of(text, "practice"), IsEmpty());
  EXPECT_THAT(rules_of(text, "practice", "", {{"target", "a"}}), ElementsAre("FinalStageRunsAsRoot"));
}

TEST(Check, ReportsWhatStopsIt) {
  MemoryGateway gateway;
  const auto report = report_of(gateway, "FROM alpine as x\nRUNN x\n", "all");
  ASSERT_TRUE(report.error);
  EXPECT_TRUE(report.error->source());
  EXPECT_EQ(report.findings.at(0).rule, "FromAsCasing");
}

}  // namespace
}  // namespace dockerfile
