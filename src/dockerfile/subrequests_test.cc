// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/subrequests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/json.h"
#include "dockerfile/build.h"
#include "dockerfile/testing/memory_gateway.h"

namespace dockerfile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SubrequestTest : public testing::Test {
 protected:
  std::map<std::string, std::string> ask(const std::string& request, const std::string& text, FrontendOpts opts = {}) {
    gateway.set_dockerfile(text);
    opts["requestid"] = "frontend." + request;
    opts["frontend.caps"] = "moby.buildkit.frontend.subrequests";
    const auto result = dockerfile::build(gateway, opts);
    EXPECT_TRUE(result.images.empty());
    return result.metadata;
  }
  base::Json json(const std::string& request, const std::string& text, const FrontendOpts& opts = {}) {
    return base::Json::parse(ask(request, text, opts).at("result.json"));
  }
  static std::vector<std::string> all(const base::Json& list, std::string_view member) {
    std::vector<std::string> out;
    for (const auto& item : list.items()) out.push_back(item[member].string_or(""));
    return out;
  }

  MemoryGateway gateway;
};

// ---- lint ------------------------------------------------------------------------------------

TEST_F(SubrequestTest, LintFindsNothingInAGoodFile) {
  const auto answer = ask("lint", "FROM scratch\nCOPY a /\n");
  EXPECT_EQ(answer.at("result.statuscode"), "0");
  EXPECT_EQ(answer.at("result.txt"), "");
  EXPECT_TRUE(base::Json::parse(answer.at("result.json"))["warnings"].is_null());
}

TEST_F(SubrequestTest, LintShowsTheLinesOfEachFinding) {
  const auto answer = ask("lint", "FROM scratch AS Big\nMAINTAINER me\n");
  EXPECT_EQ(answer.at("result.statuscode"), "1");
  EXPECT_EQ(answer.at("result.txt"),
            "\nWARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/\n"
            "Stage name 'Big' should be lowercase\nDockerfile:1\n--------------------\n"
            "   1 | >>> FROM scratch AS Big\n   2 |     MAINTAINER me\n   3 |     \n--------------------\n"
            "\nWARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/\n"
            "Maintainer instruction is deprecated in favor of using label\nDockerfile:2\n--------------------\n"
            "   1 |     FROM scratch AS Big\n   2 | >>> MAINTAINER me\n   3 |     \n--------------------\n");
  EXPECT_TRUE(gateway.warnings.empty());
}

TEST_F(SubrequestTest, LintLooksAtStagesThatNothingNeedsUnlessThereIsATarget) {
  const std::string text = "FROM scratch AS a\nENV x 1\nFROM scratch AS b\n";
  EXPECT_THAT(all(json("lint", text)["warnings"], "ruleName"), ElementsAre("LegacyKeyValueFormat"));
  EXPECT_TRUE(json("lint", text, {{"target", "b"}})["warnings"].is_null());
}

TEST_F(SubrequestTest, LintHeedsDirectiveAndBuildArgument) {
  const std::string text = "# check=skip=MaintainerDeprecated\nFROM scratch AS Big\nMAINTAINER me\n";
  EXPECT_THAT(all(json("lint", text)["warnings"], "ruleName"), ElementsAre("StageNameCasing"));
  EXPECT_THAT(all(json("lint", text, {{"build-arg:BUILDKIT_DOCKERFILE_CHECK", "skip=StageNameCasing"}})["warnings"],
                  "ruleName"),
              ElementsAre("MaintainerDeprecated"));
  EXPECT_TRUE(json("lint", text, {{"build-arg:BUILDKIT_DOCKERFILE_CHECK", "skip=all"}})["warnings"].is_null());
}

TEST_F(SubrequestTest, LintReportsWhatWouldFailTheBuildWithItsLines) {
  const auto result = json("lint", "FROM scratch AS Big\nCOPY --from=9 a /\n");
  EXPECT_EQ(result["warnings"].items().size(), 1U);
  EXPECT_THAT(result["buildError"]["message"].as_string(), HasSubstr("invalid stage index 9"));
  const auto checked = json("lint", "# check=error=true\nFROM scratch AS Big\n");
  EXPECT_EQ(checked["buildError"]["message"].as_string(), "lint violation found for rules: StageNameCasing");
  const auto unknown = json("lint", "FROM scratch\nCPOY a /\n");
  EXPECT_EQ(unknown["buildError"]["location"]["ranges"].items().at(0)["start"]["line"].as_int(), 2);
}

// ---- outline ---------------------------------------------------------------------------------

constexpr const char* kOutlined =
    "ARG V=1\n"
    "# W is made of V\n"
    "ARG W=${V}2\n"
    "ARG UNUSED=x\n"
    "FROM scratch AS base\n"
    "ARG B\n"
    "RUN --mount=type=secret,id=token,required --mount=type=ssh true\n"
    "FROM a:$W AS other\n"
    "ARG OTHER\n"
    "# app is what ships\n"
    "FROM base AS app\n"
    "ARG TARGETARCH\n"
    "ARG V\n"
    "COPY --from=other /x /\n";

TEST_F(SubrequestTest, OutlineListsWhatTheTargetAndItsStagesTake) {
  const auto result = json("outline", kOutlined, {{"build-arg:B", "given"}});
  EXPECT_EQ(result["name"].as_string(), "app");
  EXPECT_EQ(result["description"].as_string(), "is what ships");
  EXPECT_THAT(all(result["args"], "name"), ElementsAre("V", "W", "B", "OTHER"));
  EXPECT_THAT(all(result["args"], "value"), ElementsAre("1", "12", "given", ""));
  EXPECT_THAT(all(result["args"], "description"), ElementsAre("", "is made of V", "", ""));
  EXPECT_THAT(all(result["secrets"], "name"), ElementsAre("token"));
  EXPECT_TRUE(result["secrets"].items().at(0)["required"].as_bool());
  EXPECT_THAT(all(result["ssh"], "name"), ElementsAre("default"));
  EXPECT_EQ(base::base64_decode(result["sources"].items().at(0).as_string()), kOutlined);
}

TEST_F(SubrequestTest, OutlineLeavesOutWhatTheTargetDoesNotNeed) {
  EXPECT_THAT(all(json("outline", kOutlined, {{"target", "base"}})["args"], "name"), ElementsAre("B"));
}

TEST_F(SubrequestTest, OutlineIsATableForPeople) {
  EXPECT_EQ(ask("outline", kOutlined, {{"target", "base"}}).at("result.txt"),
            "TARGET: base\n\nBUILD ARG   VALUE   DESCRIPTION\nB                   \n\n"
            "SECRET   REQUIRED\ntoken    true\n\nSSH       REQUIRED\ndefault   \n\n");
}

TEST_F(SubrequestTest, OutlineVisitsSharedStagesOnce) {
  // Thirty diamonds: as many paths as 2^30, but 61 stages.
  std::string text = "FROM scratch AS s0\nARG A=1\n";
  for (int i = 1; i <= 30; ++i) {
    const auto below = "s" + std::to_string(i - 1);
    const auto n = std::to_string(i);
    text += "FROM " + below + " AS t" + n + "\nFROM " + below + " AS s" + n + "\nCOPY --from=t" + n + " / /\n";
  }
  EXPECT_THAT(all(json("outline", text)["args"], "name"), ElementsAre("A"));
}

// ---- targets and the rest ----------------------------------------------------------------------

TEST_F(SubrequestTest, TargetsAreTheStagesAsWritten) {
  const auto answer = ask("targets", "# one is first\nFROM --platform=$BUILDPLATFORM a AS one\nFROM one\n");
  EXPECT_EQ(answer.at("result.txt"), "TARGET    DESCRIPTION\none       is first\n(default) \n");
  const auto targets = base::Json::parse(answer.at("result.json"))["targets"];
  EXPECT_THAT(all(targets, "base"), ElementsAre("a", "one"));
  EXPECT_THAT(all(targets, "platform"), ElementsAre("$BUILDPLATFORM", ""));
  EXPECT_TRUE(targets.items().at(1)["default"].as_bool());
  EXPECT_TRUE(gateway.asked.empty());
}

TEST_F(SubrequestTest, DescribeNamesTheRequests) {
  EXPECT_THAT(all(base::Json::parse(ask("subrequests.describe", "FROM scratch\n").at("result.json")), "name"),
              ElementsAre("frontend.outline", "frontend.targets", "frontend.subrequests.describe"));
}

TEST_F(SubrequestTest, UnknownRequestsAreRefused) {
  try {
    ask("nonsense", "FROM scratch\n");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::unimplemented);
    EXPECT_EQ(error.text(), "unsupported request frontend.nonsense");
  }
}

}  // namespace
}  // namespace dockerfile
