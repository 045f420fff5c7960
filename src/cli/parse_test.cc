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

TEST(CommandLine, PoliciesInRegoAreChosenInOrder) {
  EXPECT_TRUE(build({"."}).policies.empty());
  const auto options =
      build({"--policy", "filename=a.rego,filename=b.rego", "--policy", "reset=1,strict=true,log-level=debug", "."});
  ASSERT_EQ(options.policies.size(), 2U);
  EXPECT_EQ(options.policies[0].files, (std::vector<std::string>{"a.rego", "b.rego"}));
  EXPECT_FALSE(options.policies[0].reset);
  EXPECT_TRUE(options.policies[1].reset);
  EXPECT_TRUE(options.policies[1].strict);
  EXPECT_EQ(options.policies[1].log_level, "debug");
  EXPECT_TRUE(build({"--policy", "disabled=true", "."}).policies.at(0).disabled);
}

TEST(CommandLine, AWrongWordAboutPoliciesIsAnError) {
  for (const char* value : {"p.rego", "disabled", "disabled=yes", "filename=", "log-level=loud", "reset=2", "file=a",
                            "disabled=true,filename=a", "disabled=true,strict=false"}) {
    EXPECT_ANY_THROW(build({"--policy", value, "."})) << value;
  }
  EXPECT_ANY_THROW(build({"--policy", "disabled=true", "--policy", "filename=a", "."}));
  EXPECT_ANY_THROW(build({"--policy", "filename=a", "--policy", "disabled=true", "."}));
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
