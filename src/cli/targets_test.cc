// SPDX-License-Identifier: Apache-2.0
#include "cli/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

BuildOptions with_tags(std::vector<std::string> tags) {
  BuildOptions options;
  options.tags = std::move(tags);
  return options;
}

std::string refusal(const BuildOptions& options) {
  try {
    wanted_targets(options);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::invalid_argument);
    return error.what();
  }
  return "";
}

TEST(Targets, OneBuildWithoutNames) {
  const auto builds = wanted_targets({});
  ASSERT_EQ(builds.size(), 1U);
  EXPECT_EQ(builds[0].stage, "");
  EXPECT_EQ(builds[0].name(), "default");
  EXPECT_TRUE(builds[0].outputs.empty());
}

TEST(Targets, PlainNamesBelongToTheStageOfTarget) {
  BuildOptions options = with_tags({"a", "b:1"});
  options.targets = {"first", "app"};
  const auto builds = wanted_targets(options);
  ASSERT_EQ(builds.size(), 1U);
  EXPECT_EQ(builds[0].stage, "app");
  EXPECT_THAT(builds[0].options.tags, ElementsAre("a", "b:1"));
}

TEST(Targets, NamesAreSortedByStage) {
  const auto builds = wanted_targets(with_tags({"a=run", "tools=debug", "a:2=run", "whole"}));
  ASSERT_EQ(builds.size(), 3U);
  EXPECT_EQ(builds[0].stage, "run");
  EXPECT_THAT(builds[0].options.tags, ElementsAre("a", "a:2"));
  EXPECT_EQ(builds[1].name(), "debug");
  EXPECT_THAT(builds[1].options.tags, ElementsAre("tools"));
  EXPECT_EQ(builds[2].stage, "");
  ASSERT_EQ(builds[2].outputs.size(), 1U);
  EXPECT_EQ(builds[2].outputs[0].type, output::Type::image);
}

TEST(Targets, ANamedStageAloneIsTheOnlyBuild) { EXPECT_EQ(wanted_targets(with_tags({"a=run"})).size(), 1U); }

TEST(Targets, MalformedNamesAreRefused) {
  EXPECT_EQ(refusal(with_tags({"a="})), "invalid -t \"a=\"");
  EXPECT_EQ(refusal(with_tags({"=run"})), "invalid -t \"=run\"");
  EXPECT_NE(refusal(with_tags({"UPPER=run"})), "");
}

TEST(Targets, ANameCannotBeTwoImages) {
  EXPECT_EQ(refusal(with_tags({"a=run", "a"})), "-t a is given to stage run and to the last stage");
}

TEST(Targets, OutputsWithRoomForOneAreRefused) {
  BuildOptions options = with_tags({"a=run", "b=debug"});
  options.outputs = {"type=oci,dest=x.tar"};
  EXPECT_EQ(refusal(options), "-o type=oci takes one result, but 2 stages are built");
  options.outputs = {"type=image,name=c"};
  EXPECT_THAT(refusal(options), HasSubstr("takes one result"));
  options.outputs = {"type=cacheonly"};
  EXPECT_EQ(refusal(options), "");
  options.outputs = {};
  options.iidfile = "id";
  EXPECT_EQ(refusal(options), "--iidfile takes one result, but 2 stages are built");
}

TEST(Targets, OneNamedStageMayGoAnywhere) {
  BuildOptions options = with_tags({"a=run"});
  options.outputs = {"type=cacheonly"};
  options.iidfile = "id";
  EXPECT_EQ(refusal(options), "");
}

}  // namespace
}  // namespace cli
