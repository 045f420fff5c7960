// SPDX-License-Identifier: Apache-2.0
#include "cli/source_policies.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace {

constexpr const char* kPolicy = "package docker\ndecision := {\"allow\": true}\n";

class RegoChoice : public testing::Test {
 protected:
  RegoChoice() {
    ::unsetenv("BUILDX_DEFAULT_POLICY");
    base::make_directories(context());
    base::write_file_atomic(context() + "/Dockerfile", "FROM scratch\n");
    for (const char* name : {"Dockerfile.rego", "a.rego", "b.rego"}) {
      base::write_file_atomic(context() + "/" + name, kPolicy);
    }
    base::write_file_atomic(directory_.path() + "/outside.rego", kPolicy);
    options_.context = context();
  }
  std::string context() const { return directory_.path() + "/ctx"; }

  std::vector<std::string> chosen(std::vector<cli::PolicyChoice> choices) {
    options_.policies = std::move(choices);
    const cli::BuildContexts contexts(options_);
    std::vector<std::string> names;
    for (const auto& policy : cli::rego_policies(
             {options_, contexts, cli::PolicyFiles::local(contexts.directory("context")->path), false, {}})) {
      names.push_back(policy->name());
    }
    return names;
  }

  base::TemporaryDirectory directory_;
  cli::BuildOptions options_;
};

using Names = std::vector<std::string>;

TEST_F(RegoChoice, TheDockerfilesOwnComesFirst) {
  EXPECT_EQ(chosen({}), Names{"Dockerfile.rego"});
  EXPECT_EQ(chosen({{.files = {"a.rego"}}, {.files = {"b.rego"}}}), (Names{"Dockerfile.rego", "a.rego", "b.rego"}));
  EXPECT_EQ(chosen({{.files = {"a.rego", "b.rego"}}}).back(), "a.rego, b.rego") << "asked as one";
}

TEST_F(RegoChoice, ResetForgetsAndDisabledAsksNone) {
  EXPECT_EQ(chosen({{.reset = true}}), Names{});
  EXPECT_EQ(chosen({{.files = {"a.rego"}}, {.files = {"b.rego"}, .reset = true}}), Names{"b.rego"});
  EXPECT_EQ(chosen({{.disabled = true}}), Names{});
  EXPECT_EQ(chosen({{.log_level = "debug"}}), Names{"Dockerfile.rego"});
}

TEST_F(RegoChoice, FilesComeFromTheContextAndNowhereElse) {
  EXPECT_EQ(chosen({{.files = {context() + "/a.rego"}}}).size(), 2U);
  for (const std::string& path : {std::string("missing.rego"), std::string("../outside.rego"),
                                  directory_.path() + "/outside.rego", std::string("cwd://missing.rego")}) {
    EXPECT_THROW(chosen({{.files = {path}}}), base::Error) << path;
  }
  ASSERT_EQ(::symlink("../outside.rego", (context() + "/link.rego").c_str()), 0);
  EXPECT_THROW(chosen({{.files = {"link.rego"}}}), base::Error);
}

TEST_F(RegoChoice, TheVariableAsksForTheDefaultPolicy) {
  ::setenv("BUILDX_DEFAULT_POLICY", "true", 1);
  EXPECT_EQ(chosen({}), (Names{"BUILDX_DEFAULT_POLICY", "Dockerfile.rego"}));
  EXPECT_EQ(chosen({{.reset = true}}), Names{"BUILDX_DEFAULT_POLICY"});
  EXPECT_EQ(chosen({{.disabled = true}}), Names{});
  ::unsetenv("BUILDX_DEFAULT_POLICY");
}

}  // namespace
