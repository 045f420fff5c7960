// SPDX-License-Identifier: Apache-2.0
#include "attest/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/noted_files.h"
#include "base/error.h"

namespace attest {
namespace {

std::vector<std::string> rules(const std::string& gates, const GateFacts& facts) {
  std::vector<std::string> found;
  for (const auto& finding : judge(parse_gates({gates}), facts)) found.push_back(finding.rule + ": " + finding.text);
  return found;
}

/// An image that every gate lets pass.
GateFacts good() {
  GateFacts facts;
  facts.user = "app";
  facts.size = 1000;
  facts.stage_sizes = {{"build", 5000}};
  facts.components = {{.type = "deb", .name_space = "debian", .name = "zlib1g", .version = "1", .license = "Zlib"}};
  return facts;
}

TEST(Gates, AGoodImagePassesAll) {
  EXPECT_TRUE(rules("non-root,max-size=1kB,max-size.build=5kB,forbid-package=curl,forbid-license=AGPL*,licensed,"
                    "no-build-tools,no-setuid,no-secrets,pinned-bases",
                    good())
                  .empty());
  EXPECT_FALSE(parse_gates({}).any());
}

TEST(Gates, EveryRuleHasATwinThatIsRefused) {
  for (const char* user : {"", "0", "root", "0:0", "root:app"}) {
    GateFacts facts = good();
    facts.user = user;
    EXPECT_EQ(rules("non-root", facts).size(), 1U) << user;
  }
  GateFacts facts = good();
  EXPECT_THAT(rules("max-size=999", facts), testing::ElementsAre(testing::StartsWith("max-size: the image has")));
  EXPECT_THAT(rules("max-size.build=4999", facts), testing::ElementsAre(testing::HasSubstr("stage build adds")));
  EXPECT_THAT(rules("max-size.other=1", facts), testing::ElementsAre(testing::HasSubstr("no stage of this build")));
  EXPECT_EQ(rules("forbid-package=zlib*", facts).size(), 1U);
  EXPECT_EQ(rules("forbid-package=deb/zlib1g", facts).size(), 1U);
  EXPECT_EQ(rules("forbid-license=zlib", facts).size(), 1U);
  facts.components[0].license = "MIT OR (AGPL-3.0-only AND LicenseRef-own)";
  EXPECT_EQ(rules("forbid-license=AGPL-*", facts).size(), 1U);
  EXPECT_EQ(rules("forbid-license=own", facts).size(), 1U);
  facts.components[0].license = "";
  EXPECT_EQ(rules("licensed", facts).size(), 1U);
  facts.setuid = {{"bin/su", "set-user-id", "RUN x"}};
  facts.build_tools = {{"usr/bin/gcc", "compiler", ""}};
  facts.secrets = {{"root/.netrc", "holds a password", ""}};
  facts.unpinned_bases = {"debian:12"};
  facts.unsigned_bases = {"debian:12: not verified"};
  EXPECT_EQ(rules("signed-bases=k.pem", facts).size(), 1U);
  EXPECT_EQ(join(parse_gates({"signed-bases=a.pem"}), parse_gates({"signed-bases=b.pem"})).signed_bases.size(), 2U);
  EXPECT_THAT(parse_gates({"checked,checked=all,checked=false"}).checks, testing::ElementsAre("buildkit", "all"));
  EXPECT_THAT(rules("no-setuid,no-build-tools,no-secrets,pinned-bases", facts),
              testing::ElementsAre("no-build-tools: /usr/bin/gcc: compiler", "no-setuid: /bin/su: set-user-id",
                                   "no-secrets: /root/.netrc: holds a password",
                                   "pinned-bases: debian:12 is named by neither a digest nor the lock file"));
}

TEST(Gates, WhatOnlyTheBuildUsedDoesNotCount) {
  GateFacts facts = good();
  facts.components[0].scope = Scope::build;
  EXPECT_TRUE(rules("forbid-package=zlib1g,licensed", facts).empty());
}

TEST(Gates, UnknownRulesAreNotPassedOver) {
  for (const char* text :
       {"non-rot", "max-size", "max-size=big", "max-size=-1", "non-root=maybe", "forbid-package", ""}) {
    EXPECT_THROW(parse_gates({text}), base::Error) << text;
  }
}

TEST(Gates, StandInATomlFile) {
  const Gates gates = parse_gate_file(
      "[gate]\nnon-root = true\nmax-size = 1000\nforbid-package = [\"a\", \"b\"]\nno-setuid = false\n", "x");
  EXPECT_TRUE(gates.non_root);
  EXPECT_EQ(gates.max_size, 1000U);
  EXPECT_EQ(gates.forbidden_packages.size(), 2U);
  EXPECT_FALSE(gates.no_setuid);
  EXPECT_FALSE(parse_gate_file("[other]\nx = 1\n", "x").any());
}

TEST(Gates, MistakesInTheFileNameIt) {
  const auto failure = [](const std::string& text) {
    try {
      parse_gate_file(text, "slipway.toml");
    } catch (const base::Error& error) {
      return error.text();
    }
    return std::string();
  };
  EXPECT_THAT(failure("[gate]\nnon-root = \n"), testing::StartsWith("slipway.toml:2: "));
  EXPECT_THAT(failure("[gate]\nnonroot = true\n"), testing::HasSubstr("unknown gate \"nonroot\""));
  EXPECT_THAT(failure("[gate]\nmax-size = 1.5\n"), testing::StartsWith("slipway.toml:2: gate.max-size"));
  EXPECT_THAT(failure("gate = 1\n"), testing::HasSubstr("gate is no table"));
  EXPECT_THAT(failure("\n[.0\""), testing::StartsWith("slipway.toml:2: this is no TOML"));
}

TEST(Gates, TheStricterOfTwoHolds) {
  const Gates both = join(parse_gates({"max-size=10,non-root"}), parse_gates({"max-size=5,no-setuid"}));
  EXPECT_EQ(both.max_size, 5U);
  EXPECT_TRUE(both.non_root && both.no_setuid);
}

TEST(Gates, ReportsAreSarifAndJson) {
  const std::vector<GateFinding> findings = {{"no-setuid", "/bin/su: set-user-id", "RUN x"}};
  const auto sarif = findings_sarif(findings, "Dockerfile", "1");
  EXPECT_EQ(sarif["version"].as_string(), "2.1.0");
  const auto& run = sarif["runs"].items()[0];
  EXPECT_EQ(run["results"].items()[0]["ruleId"].as_string(), "no-setuid");
  EXPECT_EQ(run["tool"]["driver"]["rules"].items()[0]["id"].as_string(), "no-setuid");
  EXPECT_FALSE(findings_json(findings)["passed"].bool_or(true));
  EXPECT_TRUE(findings_json({})["passed"].bool_or(false));
}

TEST(Credentials, AreFoundByTheirForm) {
  const std::string key =
      "-----BEGIN RSA PRIVATE KEY-----\n" + std::string(64, 'A') + "\n-----END RSA PRIVATE KEY-----\n";
  EXPECT_EQ(credential_in(key, "k"), "a private key");
  EXPECT_EQ(credential_in("aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "x"), "an AWS access key");
  EXPECT_EQ(credential_in("token: ghp_" + std::string(36, 'a') + "\n", "x"), "a GitHub token");
  EXPECT_EQ(credential_in("npm_" + std::string(36, 'b'), "x"), "an npm token");
  EXPECT_EQ(credential_in("machine x login y password z", "root/.netrc"), "a password for a host (.netrc)");
  EXPECT_EQ(credential_in("//r/:_authToken=abc", "srv/.npmrc"), "an npm login");
  EXPECT_EQ(credential_in("DB_PASSWORD=k3J9xQ2mZ8vT5pLw\n", "app/.env"), "a credential (.env)");
}

TEST(Credentials, TwinsThatAreNone) {
  // A program that reads keys has their head in it, and no key behind it.
  EXPECT_EQ(credential_in(std::string("-----BEGIN PRIVATE KEY-----\0-----END", 36), "libssl.so"), "");
  EXPECT_EQ(credential_in("-----BEGIN PUBLIC KEY-----\n" + std::string(64, 'A'), "x"), "");
  EXPECT_EQ(credential_in("XAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX AKIAshort", "x"), "");
  EXPECT_EQ(credential_in("ghp_short npm_run_build", "x"), "");
  EXPECT_EQ(credential_in("registry=https://r/", "srv/.npmrc"), "");
  EXPECT_EQ(credential_in("DB_PASSWORD=changeme\nPASSWORD_FILE=/run/secrets/password\n", "app/.env"), "");
}

TEST(BuildTools, AreKnownByNameVersionAndTarget) {
  EXPECT_EQ(build_tool("gcc"), "compiler");
  EXPECT_EQ(build_tool("gcc-12"), "compiler");
  EXPECT_EQ(build_tool("x86_64-linux-gnu-gcc"), "compiler");
  EXPECT_EQ(build_tool("apt-get"), "package manager");
  EXPECT_EQ(build_tool("gold"), "");
  EXPECT_EQ(build_tool("go-daemon"), "");
  EXPECT_EQ(build_tool("dash"), "");
}

}  // namespace
}  // namespace attest
