// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cli/options.h"

namespace cli {
namespace {

BuildOptions build(const std::vector<std::string>& args) {
  std::vector<std::string> all = {"build"};
  all.insert(all.end(), args.begin(), args.end());
  return std::get<BuildOptions>(parse_command_line(all).command);
}

TEST(CommandLine, RepeatedFlagsTakeOneValueEach) {
  const auto options = build({"-t", "a", "-t", "b", "--build-arg", "X=1", "."});
  EXPECT_EQ(options.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.build_args, std::vector<std::string>{"X=1"});
  EXPECT_EQ(options.context, ".");
}

TEST(CommandLine, ValuesWithCommasAndEqualSignsStayWhole) {
  const auto options = build({"-o", "type=oci,dest=a,b.tar", "--label=a=b=c", "."});
  EXPECT_EQ(options.outputs, std::vector<std::string>{"type=oci,dest=a,b.tar"});
  EXPECT_EQ(options.labels, std::vector<std::string>{"a=b=c"});
}

TEST(CommandLine, ADashIsAContextOrAFile) {
  EXPECT_EQ(build({"-"}).context, "-");
  EXPECT_EQ(build({"-f", "-", "."}).file, "-");
  EXPECT_EQ(build({"-o", "-", "."}).outputs, std::vector<std::string>{"-"});
}

TEST(CommandLine, FlagsMayFollowTheContext) {
  const auto options = build({".", "--no-cache", "--target", "x"});
  EXPECT_TRUE(options.no_cache);
  EXPECT_EQ(options.targets, std::vector<std::string>{"x"});
}

TEST(CommandLine, PoliciesInRegoArePassedOverOnlyOnDemand) {
  EXPECT_FALSE(build({"."}).without_rego);
  EXPECT_FALSE(build({"--policy", "strict=true,log-level=debug", "."}).without_rego);
  EXPECT_FALSE(build({"--policy", "disabled=false", "."}).without_rego);
  EXPECT_TRUE(build({"--policy", "disabled=true", "."}).without_rego);
  EXPECT_TRUE(build({"--policy", "reset=true,log-level=debug", "."}).without_rego);
  for (const char* value : {"filename=p.rego", "reset=true,filename=p.rego", "p.rego", "disabled=1", "disabled"}) {
    EXPECT_ANY_THROW(build({"--policy", value, "."})) << value;
  }
}

TEST(CommandLine, BooleanFlagsTakeAValue) {
  EXPECT_FALSE(build({"--pull=false", "."}).pull);
  EXPECT_TRUE(build({"--pull=true", "."}).pull);
}

TEST(CommandLine, FlagsOfOtherBuildersAreNoted) {
  const auto invocation = parse_command_line({"build", "--rm", "--isolation", "default", "."});
  EXPECT_EQ(invocation.notes.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<BuildOptions>(invocation.command));
}

TEST(CommandLine, RootComesBeforeTheCommand) { EXPECT_EQ(parse_command_line({"--root", "/x", "images"}).root, "/x"); }

TEST(CommandLine, CheckTakesRulesAFormatAndWhatTheDockerfileIsReadWith) {
  const auto invocation = parse_command_line(
      {"check", "--rules", "all", "--skip=A,B", "--format", "sarif", "-f", "x", "--build-arg", "V=1", "dir"});
  const auto& options = std::get<CheckOptions>(invocation.command);
  EXPECT_EQ(options.rules, "all");
  EXPECT_EQ(options.skip, "A,B");
  EXPECT_EQ(options.format, "sarif");
  EXPECT_EQ(options.build.file, "x");
  EXPECT_EQ(options.build.context, "dir");
  EXPECT_EQ(options.build.build_args, std::vector<std::string>{"V=1"});
}

TEST(CommandLine, ShellNamesAStepAndWhatBecomesOfIt) {
  const auto invocation = parse_command_line({"shell", "RUN make", "--at=start", "--continue", "-c", "ls -l /"});
  const auto& options = std::get<ShellOptions>(invocation.command);
  EXPECT_EQ(options.step, "RUN make");
  EXPECT_EQ(options.at, "start");
  EXPECT_EQ(options.command, "ls -l /");
  EXPECT_TRUE(options.proceed);
  EXPECT_EQ(std::get<PrintAndExit>(parse_command_line({"shell", "--at", "middle"}).command).code, 2);
}

TEST(CommandLine, ABuildKnowsTheCommandLineItWasGiven) {
  const std::vector<std::string> args = {"--root", "/r", "build", "--build-arg", "A=1", "."};
  EXPECT_EQ(std::get<BuildOptions>(parse_command_line(args).command).arguments, args);
}

TEST(CommandLine, MistakesAreUsageErrors) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{},
                                               {"bulid", "."},
                                               {"build", "--no-such-flag", "."},
                                               {"build", "--target"},
                                               {"build", ".", "surplus"},
                                               {"inspect"}}) {
    const auto invocation = parse_command_line(args);
    ASSERT_TRUE(std::holds_alternative<PrintAndExit>(invocation.command));
    EXPECT_EQ(std::get<PrintAndExit>(invocation.command).code, 2);
  }
}

TEST(CommandLine, HelpIsNoError) {
  const auto invocation = parse_command_line({"build", "--help"});
  EXPECT_EQ(std::get<PrintAndExit>(invocation.command).code, 0);
  EXPECT_NE(std::get<PrintAndExit>(invocation.command).text.find("--build-arg"), std::string::npos);
}

}  // namespace
}  // namespace cli
