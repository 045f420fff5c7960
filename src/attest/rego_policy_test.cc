// SPDX-License-Identifier: Apache-2.0
#include "attest/rego_policy.h"

#include <gtest/gtest.h>

#include "attest/build_policies.h"
#include "attest/rego_tests.h"
#include "base/error.h"
#include "llb/attr.h"

namespace {

using attest::RegoPolicy;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');
const std::string kCommit(40, 'c');

/// Answers everything, and writes down what it was asked.
class FakeFacts final : public attest::SourceFacts {
 public:
  attest::ImageFacts image(const llb::SourceOp&, const llb::Platform&, const std::stop_token&) override {
    asked.emplace_back("image");
    return {kDigest, R"({"created": "2024-01-01T00:00:00Z", "config": {"Labels": {"team": "one"}, "User": "nobody",
                        "Env": ["A=b"], "Volumes": {"/v": {}}, "WorkingDir": "/w"}})"};
  }
  std::vector<std::string> statements(const llb::SourceOp&, const llb::Platform&, const std::stop_token&) override {
    asked.emplace_back("statements");
    return {R"({"predicateType": "https://slsa.dev/provenance/v1", "predicate": {
                "buildDefinition": {"buildType": "type", "externalParameters": {"request": {"frontend": "dockerfile.v0",
                  "args": {"build-arg:V": "1", "target": "t"}}}},
                "runDetails": {"builder": {"id": "builder"}, "metadata": {"startedOn": "2024-01-01T00:00:00.5Z"}}}})"};
  }
  std::string http_digest(const llb::SourceOp&, const std::stop_token&) override {
    asked.emplace_back("http");
    return kDigest;
  }
  bool is_signed(const base::Digest&, std::string_view signature, std::string_view keys,
                 const std::stop_token&) override {
    return signature == "signature of " + std::string(keys);
  }
  attest::GitFacts git(const llb::SourceOp&, Objects objects, const std::stop_token&) override {
    asked.emplace_back(objects == Objects::yes ? "git objects" : "git");
    attest::GitFacts facts;
    facts.revision = {.ref = "refs/heads/main", .checksum = kCommit, .commit = kCommit};
    if (objects == Objects::yes) {
      facts.commit =
          "tree 1\nparent 2\nauthor Ann <ann@example.org> 1700000000 +0200\ncommitter C <c@x> 0 +0000\n\nhello\n";
    }
    return facts;
  }
  bool is_signed(const llb::SourceOp&, const ops::GitRevision&, Signed, std::string_view keys,
                 const std::stop_token&) override {
    return keys == "good";
  }

  std::vector<std::string> asked;
};

class RegoPolicyTest : public testing::Test {
 protected:
  static constexpr const char* kHead =
      "package docker\ndefault allow := false\nallow if input.env.capsRequest\n"
      "decision := {\"allow\": allow, \"deny_msg\": deny}\ndeny contains msg if "
      "{ not allow; msg := \"no\" }\n";

  RegoPolicy policy(const std::string& rules) const {
    return RegoPolicy("p.rego", {{"p.rego", kHead + rules}},
                      [](const std::string& path) -> std::optional<std::string> {
                        if (path == "list.json") return "{\"names\": [\"alpine\"]}";
                        if (path == "good.pub") return "good";
                        if (path == "bad.pub") return "bad";
                        if (path == "file.sig") return "signature of good";
                        return std::nullopt;
                      },
                      {.args = {{"A", "1"}}, .labels = {}, .filename = "Dockerfile", .target = "prod"});
  }
  attest::RegoVerdict judge(const std::string& rules, const std::string& identifier) {
    llb::SourceOp source;
    source.identifier = identifier;
    facts_.asked.clear();
    return policy(rules).judge(source, llb::parse_platform("linux/arm64"), facts_, {});
  }
  bool allows(const std::string& condition, const std::string& identifier) {
    return judge("allow if {\n" + condition + "\n}\n", identifier).allowed;
  }

  FakeFacts facts_;
};

constexpr const char* kImage = "docker-image://docker.io/library/alpine:3.20";
constexpr const char* kHttp = "https://user@example.org:8443/a%20b/c?x=1&x=2&y";
constexpr const char* kGit = "git://example.org/app.git#main:sub";

TEST_F(RegoPolicyTest, ShowsAnImageByItsNameWithoutAskingForIt) {
  EXPECT_TRUE(allows(R"(input.image.ref == "docker.io/library/alpine:3.20"
    input.image.host == "docker.io"
    input.image.repo == "alpine"
    input.image.fullRepo == "docker.io/library/alpine"
    input.image.tag == "3.20"
    input.image.platform == "linux/arm64"
    input.image.arch == "arm64"
    not input.image.isCanonical
    not input.http
    input.env.args.A == "1"
    input.env.target == "prod"
    input.env.depth == 0)",
                     kImage));
  EXPECT_TRUE(facts_.asked.empty());
  EXPECT_TRUE(
      allows("input.image.isCanonical\ninput.image.checksum == \"" + kOther + "\"", "docker-image://alpine@" + kOther));
  EXPECT_TRUE(facts_.asked.empty());
}

TEST_F(RegoPolicyTest, LooksUpWhatThePolicyReads) {
  EXPECT_TRUE(allows("input.image.labels.team == \"one\"\ninput.image.user == \"nobody\"\ninput.image.checksum == \"" +
                         kDigest + "\"\ninput.image.volumes == [\"/v\"]\ninput.image.env[_] == \"A=b\"",
                     kImage));
  EXPECT_EQ(facts_.asked, std::vector<std::string>{"image"});
  EXPECT_TRUE(allows(R"(input.image.hasProvenance
    input.image.provenance.builderID == "builder"
    input.image.provenance.buildArgs == {"V": "1"}
    input.image.provenance.startedOn == "2024-01-01T00:00:00Z"
    input.image.provenance.hermetic == false)",
                     kImage));
  EXPECT_EQ(facts_.asked, std::vector<std::string>{"statements"});
  EXPECT_FALSE(allows("input.image.labels.team == \"two\"", kImage));
  EXPECT_EQ(judge("allow if input.image.user == \"root\"", kImage).messages, std::vector<std::string>{"no"});
}

TEST_F(RegoPolicyTest, ShowsDownloads) {
  EXPECT_TRUE(allows(R"(input.http.schema == "https"
    input.http.host == "example.org:8443"
    input.http.path == "/a b/c"
    input.http.query == {"x": ["1", "2"], "y": [""]}
    not input.http.hasAuth)",
                     kHttp));
  EXPECT_TRUE(facts_.asked.empty());
  EXPECT_TRUE(allows("input.http.checksum == \"" + kDigest + "\"", kHttp));
  EXPECT_EQ(facts_.asked, std::vector<std::string>{"http"});
  EXPECT_TRUE(allows("verify_http_pgp_signature(input.http, \"file.sig\", \"good.pub\")", kHttp));
  EXPECT_FALSE(allows("verify_http_pgp_signature(input.http, \"file.sig\", \"bad.pub\")", kHttp));
}

TEST_F(RegoPolicyTest, ShowsRepositories) {
  EXPECT_TRUE(allows(R"(input.git.schema == "https"
    input.git.host == "example.org"
    input.git.remote == "https://example.org/app.git"
    input.git.subDir == "sub"
    not input.git.isCommitRef)",
                     kGit));
  EXPECT_TRUE(facts_.asked.empty());
  EXPECT_TRUE(allows("input.git.branch == \"main\"\ninput.git.commitChecksum == \"" + kCommit + "\"", kGit));
  EXPECT_EQ(facts_.asked, std::vector<std::string>{"git"});
  EXPECT_TRUE(allows(R"(input.git.commit.author == {"name": "Ann", "email": "ann@example.org",
      "when": "2023-11-15T00:13:20+02:00"}
    input.git.commit.message == "hello"
    input.git.commit.parents == ["2"]
    not input.git.commit.pgpSignature)",
                     kGit));
  EXPECT_TRUE(allows("verify_git_signature(input.git.commit, \"good.pub\")", kGit));
  EXPECT_FALSE(allows("verify_git_signature(input.git.commit, \"bad.pub\")", kGit));
  EXPECT_TRUE(allows("input.git.isCommitRef\ninput.git.checksum == \"" + kCommit + "\"",
                     "git://example.org/app.git#" + kCommit));
}

TEST_F(RegoPolicyTest, WhatCannotBeAnsweredIsAnErrorAndNoYes) {
  const std::pair<const char*, const char*> rows[] = {
      {"allow if count(input.image.signatures) == 0", "input.image.signatures cannot be looked up here"},
      {"allow if not docker_github_builder_tag(input.image, \"a/b\", \"1\")", "input.image.signatures cannot"},
      {"allow if load_json(\"missing.json\").x", "there is no file missing.json"},
      {"allow if load_json(\"good.pub\").x", "invalid JSON"},
      {"allow if pin_image({}, \"x\")", "its first argument is not input.image"},
      {"allow if pin_image(input.image, \"x\")", "invalid"},
      {"allow if input.image.provenance.materials", "input.image.provenance.materials cannot be looked up"},
      {"allow := true if input.image\nallow := 1 if input.image", "has two values"},
  };
  for (const auto& [rules, fault] : rows) {
    try {
      judge(std::string(rules) + "\n", kImage);
      ADD_FAILURE() << "answered: " << rules;
    } catch (const base::Error& error) {
      EXPECT_NE(error.text().find(fault), std::string::npos) << rules << "\n" << error.text();
      EXPECT_TRUE(error.text().starts_with("policy p.rego: ")) << error.text();
    }
  }
  EXPECT_THROW(judge("allow if artifact_attestation(input.http, \"a.json\")\n", kHttp), base::Error);
  EXPECT_THROW(judge("allow if not github_attestation(input.http, \"a/b\")\n", kHttp), base::Error);
  EXPECT_THROW(judge("allow if verify_git_signature(input.git.commit, \"missing.pub\")\n", kGit), base::Error);
  EXPECT_THROW(judge("", "oci-layout://store@" + kDigest), base::Error);
}

TEST_F(RegoPolicyTest, TheDecisionMustBeOne) {
  for (const char* text : {"package other\nallow := true\n", "package docker\ndecision := true\n",
                           "package docker\ndecision := {\"allow\": 1}\n",
                           "package docker\ndecision := {\"allow\": true, \"caps\": {\"nope\": true}}\n",
                           "package docker\ndecision := {\"allow\": true, \"caps\": {\"exec.proxy\": true}}\n"}) {
    EXPECT_THROW(RegoPolicy("p", {{"p", text}}, [](const std::string&) { return std::nullopt; }, {}), base::Error)
        << text;
  }
  const RegoPolicy mute("p", {{"p", "package docker\ndecision := {\"deny_msg\": \"why\"}\n"}},
                        [](const std::string&) { return std::nullopt; }, {});
  llb::SourceOp source;
  source.identifier = kImage;
  const auto verdict = mute.judge(source, llb::host_platform(), facts_, {});
  EXPECT_FALSE(verdict.allowed);
  EXPECT_EQ(verdict.messages, std::vector<std::string>{"why"});
}

TEST_F(RegoPolicyTest, PoliciesPinAndHoldWhatTheyJudged) {
  attest::BuildPolicies policies{attest::SourcePolicies()};
  policies.use(facts_);
  policies.add(std::make_shared<RegoPolicy>(policy("allow if pin_image(input.image, \"" + kDigest +
                                                   "\")\nallow if input.http.checksum\nallow if input.git.ref\n")));
  const auto applied = [&](const char* identifier) {
    llb::SourceOp source;
    source.identifier = identifier;
    policies.apply(source, {});
    return source;
  };
  EXPECT_EQ(applied(kImage).identifier, std::string(kImage) + "@" + kDigest);
  EXPECT_EQ(applied(kHttp).attr(llb::attr::kJudgedDigest), kDigest);
  EXPECT_EQ(applied(kGit).attr(llb::attr::kJudgedCommit), kCommit);
  facts_.asked.clear();
  applied(kHttp);
  EXPECT_TRUE(facts_.asked.empty()) << "judged twice";
}

TEST_F(RegoPolicyTest, EveryPolicyMustAgree) {
  attest::SourcePolicies rules;
  rules.add(R"({"rules": [{"action": "DENY", "selector": {"identifier": "https://*"}}]})", "rules.json");
  attest::BuildPolicies policies(std::move(rules));
  policies.use(facts_);
  policies.add(std::make_shared<RegoPolicy>(policy("allow if true\n")));
  policies.add(std::make_shared<RegoPolicy>(policy("allow if input.image.tag == \"1\"\n")));
  const auto fault = [&](const char* identifier) -> std::string {
    llb::SourceOp source;
    source.identifier = identifier;
    try {
      policies.apply(source, {});
      return "";
    } catch (const base::Error& error) {
      EXPECT_TRUE(error.is_refusal());
      return error.text();
    }
  };
  EXPECT_EQ(fault("docker-image://docker.io/library/alpine:1"), "");
  EXPECT_EQ(fault("docker-image://docker.io/library/alpine:2"),
            "source docker-image://docker.io/library/alpine:2 denied by p.rego: no");
  EXPECT_NE(fault(kHttp).find("denied by rule 1 of rules.json"), std::string::npos);
}

TEST(RegoTests, RunByName) {
  const std::vector<rego::ModuleText> modules{
      {"Dockerfile.rego",
       "package docker\ndefault allow := false\nallow if input.image.tag != \"latest\"\n"
       "allow if verify_git_signature(input.git.commit, \"key\")\nallow if pin_image(input.image, \"" +
           kDigest + "\")\n"},
      {"Dockerfile_test.rego",
       "package docker\ntest_tag if allow with input as {\"image\": {\"tag\": \"1\"}}\n"
       "test_latest if not allow with input as {\"image\": {\"tag\": \"latest\"}}\n"
       "test_signed if allow with input as {\"git\": {\"commit\": {}}} with verify_git_signature as true\n"
       "test_unsigned if allow with input as {\"git\": {\"commit\": {}}}\n"
       "test_print if print(\"seen\")\n"}};
  const auto none = [](const std::string&) { return std::nullopt; };
  const auto results = attest::run_policy_tests(modules, none, "");
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[0].name, "data.docker.test_latest");
  EXPECT_FALSE(results[0].passed) << "pin_image allows every image";
  EXPECT_TRUE(results[1].passed);
  EXPECT_EQ(results[1].printed, std::vector<std::string>{"Dockerfile_test.rego:6: seen"});
  EXPECT_TRUE(results[2].passed);
  EXPECT_TRUE(results[3].passed);
  EXPECT_FALSE(results[4].passed);
  EXPECT_EQ(results[4].error, "input.git.commit would have to be looked up");
  EXPECT_EQ(attest::run_policy_tests(modules, none, "signed").size(), 2U);
}

}  // namespace
