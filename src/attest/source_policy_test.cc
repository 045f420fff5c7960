// SPDX-License-Identifier: Apache-2.0
#include "attest/source_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "llb/attr.h"

namespace attest {
namespace {

using ::testing::HasSubstr;

struct Asked {
  std::string identifier;
  std::map<std::string, std::string> attrs;
};

/// What the policies make of a source; "denied: …" or "wrong: …" in place of its identifier.
Asked ask(const std::vector<std::string>& policies, const std::string& identifier,
          std::map<std::string, std::string> attrs = {}) {
  try {
    SourcePolicies all;
    for (const auto& rules : policies) all.add(R"({"version": 1, "rules": [)" + rules + "]}", "p.json");
    llb::SourceOp source{identifier, std::move(attrs)};
    all.apply(source, {});
    return {source.identifier, source.attrs};
  } catch (const base::Error& error) {
    return {(error.is_refusal() ? "denied: " : "wrong: ") + error.text(), {}};
  }
}

std::string result(const std::string& rules, const std::string& identifier) {
  return ask({rules}, identifier).identifier;
}

std::string rule(const std::string& action, const std::string& identifier, const std::string& kind = "WILDCARD",
                 const std::string& into = "") {
  const std::string updates = into.empty() ? "" : R"(, "updates": {"identifier": ")" + into + R"("})";
  return R"({"action": ")" + action + R"(", "selector": {"identifier": ")" + identifier + R"(", "match_type": ")" +
         kind + "\"}" + updates + "}";
}

const std::string kAlpine = "docker-image://docker.io/library/alpine:3.20";

TEST(SourcePolicy, WhatNoRuleMatchesIsAllowed) {
  EXPECT_EQ(result("", kAlpine), kAlpine);
  EXPECT_EQ(result(rule("DENY", "docker-image://docker.io/library/debian:*"), kAlpine), kAlpine);
}

TEST(SourcePolicy, TheLastRuleThatMatchesCounts) {
  const std::string all = rule("DENY", "docker-image://*");
  const std::string alpine = rule("ALLOW", "docker-image://docker.io/library/alpine:*");
  EXPECT_EQ(result(all + "," + alpine, kAlpine), kAlpine);
  EXPECT_EQ(result(alpine + "," + all, kAlpine),
            "denied: source " + kAlpine + " denied by rule 2 of p.json (DENY docker-image://*)");
}

TEST(SourcePolicy, EveryPolicyMustAgree) {
  EXPECT_THAT(ask({rule("ALLOW", "*"), rule("DENY", "*")}, kAlpine).identifier, HasSubstr("denied"));
  EXPECT_THAT(ask({rule("DENY", "*"), rule("ALLOW", "*")}, kAlpine).identifier, HasSubstr("denied"));
}

TEST(SourcePolicy, KindsOfMatches) {
  EXPECT_EQ(result(rule("DENY", "docker-image://*", "EXACT"), kAlpine), kAlpine);
  EXPECT_THAT(result(rule("DENY", kAlpine, "EXACT"), kAlpine), HasSubstr("denied"));
  // A wildcard stands for the whole name, and only "*" means something in it.
  EXPECT_EQ(result(rule("DENY", "library/alpine:*"), kAlpine), kAlpine);
  EXPECT_EQ(result(rule("DENY", "docker-image://docker.io/library/alpine.3.*"), kAlpine), kAlpine);
  // An expression matches parts.
  EXPECT_THAT(result(rule("DENY", "alpine:[0-9]", "REGEX"), kAlpine), HasSubstr("denied"));
  EXPECT_EQ(result(rule("DENY", "^alpine", "REGEX"), kAlpine), kAlpine);
}

TEST(SourcePolicy, ConvertedSourcesAreJudgedAgain) {
  const std::string to_debian = rule("CONVERT", "docker-image://docker.io/library/alpine:*", "WILDCARD",
                                     "docker-image://docker.io/library/debian:12");
  EXPECT_EQ(result(to_debian, kAlpine), "docker-image://docker.io/library/debian:12");
  EXPECT_THAT(result(to_debian + "," + rule("DENY", "*debian*"), kAlpine), HasSubstr("denied by rule 2"));
  // The converted name is allowed although the old one was denied.
  EXPECT_EQ(result(rule("DENY", "*alpine*") + "," + to_debian, kAlpine), "docker-image://docker.io/library/debian:12");
}

TEST(SourcePolicy, WhatMatchedGoesIntoTheNewName) {
  EXPECT_EQ(
      result(rule("CONVERT", "docker-image://docker.io/*:*", "WILDCARD", "docker-image://mirror.local/${1}:$2-$$"),
             kAlpine),
      "docker-image://mirror.local/library/alpine:3.20-$");
  // An expression replaces what it matched and leaves the rest; a group that is not there is nothing.
  EXPECT_EQ(result(rule("CONVERT", R"(docker\\.io/(?P<path>.*):)", "REGEX", "mirror.local/$path$9$pathx:"), kAlpine),
            "docker-image://mirror.local/library/alpine:3.20");
}

TEST(SourcePolicy, EndlessConversionEnds) {
  const std::string a = "docker-image://docker.io/library/a:1";
  const std::string b = "docker-image://docker.io/library/b:1";
  EXPECT_THAT(result(rule("CONVERT", a, "EXACT", b) + "," + rule("CONVERT", b, "EXACT", a), a),
              HasSubstr("converted more than 20 times, at last by rule"));
}

TEST(SourcePolicy, AttributesAreSetAndAsked) {
  const std::string url = "https://example.org/f.tgz";
  const std::string pin = R"({"action": "CONVERT", "selector": {"identifier": "https://example.org/*"},
                             "updates": {"attrs": {"http.checksum": "sha256:12"}}})";
  EXPECT_EQ(ask({pin}, url).identifier, url);
  EXPECT_EQ(ask({pin}, url).attrs.at("http.checksum"), "sha256:12");
  const auto only_with = [](const std::string& condition, const std::string& value) {
    return R"({"action": "DENY", "selector": {"identifier": "https://*", "constraints": [{"key": "http.checksum",
              "value": ")" +
           value + R"(", "condition": ")" + condition + R"("}]}})";
  };
  EXPECT_THAT(ask({only_with("EQUAL", "")}, url).identifier, HasSubstr("denied"));
  EXPECT_EQ(ask({only_with("EQUAL", "")}, url, {{"http.checksum", "sha256:12"}}).identifier, url);
  EXPECT_THAT(ask({only_with("NOTEQUAL", "sha256:13")}, url).identifier, HasSubstr("denied"));
  EXPECT_THAT(ask({only_with("MATCHES", "^sha256:1")}, url, {{"http.checksum", "sha256:12"}}).identifier,
              HasSubstr("denied"));
  EXPECT_EQ(ask({only_with("MATCHES", "^sha256:1")}, url).identifier, url);
}

TEST(SourcePolicy, TheChecksumOfAnImageIsADigest) {
  const auto hold = [](const std::string& checksum) {
    return R"({"action": "CONVERT", "selector": {"identifier": "docker-image://*"},
               "updates": {"attrs": {"image.checksum": ")" +
           checksum + R"("}}})";
  };
  const std::string digest = "sha256:" + std::string(64, '0');
  EXPECT_EQ(ask({hold(digest)}, kAlpine).attrs.at("image.checksum"), digest);
  for (const std::string wrong : {"", "sha256:12", "latest"}) {
    EXPECT_EQ(ask({hold(wrong)}, kAlpine).identifier,
              "wrong: source policy p.json: rule 1: image.checksum: invalid digest \"" + wrong +
                  "\": want sha256: and 64 hexadecimal digits");
  }
}

TEST(SourcePolicy, AMovedRepositoryHasNoOldAddress) {
  const std::string full(llb::attr::kGitFullUrl);
  const std::map<std::string, std::string> attrs = {{full, "ssh://git@example.org/x.git"}};
  const auto moved = ask({rule("CONVERT", "git://example.org/*", "WILDCARD", "git://mirror.local/$1")},
                         "git://example.org/x.git#main", attrs);
  EXPECT_EQ(moved.identifier, "git://mirror.local/x.git#main");
  EXPECT_TRUE(moved.attrs.empty());
  // Pinned where it is, it is reached as before.
  const auto pinned = ask({rule("CONVERT", "git://example.org/x.git#main", "EXACT", "git://example.org/x.git#1234")},
                          "git://example.org/x.git#main", attrs);
  EXPECT_EQ(pinned.attrs, attrs);
}

TEST(SourcePolicy, AsksForSignaturesOfDownloads) {
  SourcePolicies policies;
  policies.add(R"({"rules": [{"action": "CONVERT", "selector": {"identifier": "https://*"},
                  "updates": {"attrs": {"http.sig.pubkey": "key", "http.sig.signature": "signature"}}}]})",
               "p.json");
  llb::SourceOp source;
  source.identifier = "https://example.org/file";
  policies.apply(source, {});
  EXPECT_EQ(source.attrs,
            (std::map<std::string, std::string>{{"http.sig.pubkey", "key"}, {"http.sig.signature", "signature"}}));
}

TEST(SourcePolicy, NothingUnknownIsPassedOver) {
  const auto wrong = [](const std::string& text) {
    try {
      SourcePolicies().add(text, "p.json");
      return std::string("taken");
    } catch (const base::Error& error) {
      return error.text();
    }
  };
  EXPECT_EQ(wrong(R"({"rules": [{"action": "DENY", "selector": {"identifier": "*"}}]})"), "taken");
  EXPECT_EQ(wrong(R"({"rules": [{"action": 1, "selector": {"identifier": "*", "matchType": 0}}]})"), "taken");
  EXPECT_THAT(wrong("{"), HasSubstr("source policy p.json: "));
  EXPECT_THAT(wrong("[]"), HasSubstr("no object"));
  EXPECT_THAT(wrong(R"({"version": 2})"), HasSubstr("version 2 is not known"));
  EXPECT_THAT(wrong(R"({"rule": []})"), HasSubstr("\"rule\", which is not known"));
  EXPECT_THAT(wrong(R"({"rules": {}})"), HasSubstr("rules is no list"));
  EXPECT_THAT(wrong(R"({"rules": [{"action": "DENY"}]})"), HasSubstr("p.json: rule 1: the selector is no object"));
  EXPECT_THAT(wrong(R"({"rules": [{"action": "FORBID", "selector": {}}]})"), HasSubstr("ALLOW, DENY, CONVERT"));
  EXPECT_THAT(wrong("{\"rules\": [" + rule("DENY", "*", "GLOB") + "]}"), HasSubstr("WILDCARD, EXACT, REGEX"));
  EXPECT_THAT(wrong("{\"rules\": [" + rule("DENY", "(", "REGEX") + "]}"), HasSubstr("no regular expression"));
  EXPECT_THAT(wrong("{\"rules\": [" + rule("DENY", "a**") + "]}"), HasSubstr("no wildcard"));
  EXPECT_THAT(wrong("{\"rules\": [" + rule("CONVERT", "a") + "]}"), HasSubstr("needs updates"));
  EXPECT_THAT(wrong(R"({"rules": [{"action": "CONVERT", "selector": {"identifier": "a"},
                      "updates": {"attrs": {"http.sig.rejectexpired": "true"}}}]})"),
              HasSubstr("cannot be set by a policy"));
}

}  // namespace
}  // namespace attest
