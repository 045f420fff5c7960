// SPDX-License-Identifier: Apache-2.0
#include "attest/image_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace attest {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kScopes = R"({
  "default": [{"type": "reject"}],
  "transports": {
    "docker": {
      "": [{"type": "insecureAcceptAnything"}],
      "*.example.org": [{"type": "reject"}],
      "registry.example.org": [{"type": "reject"}],
      "registry.example.org/team": [{"type": "reject"}],
      "registry.example.org/team/app": [{"type": "reject"}],
      "registry.example.org/team/app:1": [{"type": "reject"}],
      "docker.io/library/debian": [{"type": "insecureAcceptAnything"}, {"type": "signedBy", "keyPath": "/k"}]
    },
    "oci": {"/layouts": [{"type": "reject"}], "/layouts/good:1": [{"type": "insecureAcceptAnything"}]}
  }})";

std::string place(const ImagePolicy& policy, const char* image) {
  return policy.for_image(oci::Reference::parse(image).tagged()).back().place;
}

TEST(ImagePolicy, TheMostSpecificScopeCounts) {
  const auto policy = ImagePolicy::parse(kScopes, "/etc/policy.json");
  EXPECT_EQ(place(policy, "registry.example.org/team/app:1"),
            "policy.json, scope registry.example.org/team/app:1, requirement 1 (reject)");
  EXPECT_THAT(place(policy, "registry.example.org/team/app:2"), HasSubstr("scope registry.example.org/team/app,"));
  EXPECT_THAT(place(policy, "registry.example.org/team/other"), HasSubstr("scope registry.example.org/team,"));
  EXPECT_THAT(place(policy, "registry.example.org/teams/x"), HasSubstr("scope registry.example.org,"));
  EXPECT_THAT(place(policy, "other.example.org/x"), HasSubstr("scope *.example.org,"));
  EXPECT_THAT(place(policy, "deep.other.example.org/x"), HasSubstr("scope *.example.org,"));
  EXPECT_THAT(place(policy, "example.org/x"), HasSubstr("transport docker,"));
  EXPECT_EQ(policy.for_image(oci::Reference::parse("debian:12")).size(), 2U);
  EXPECT_EQ(policy.for_image(oci::Reference::parse("debian:12"))[1].kind, ImageRequirement::Kind::gpg);
}

TEST(ImagePolicy, LayoutsHaveTheirDirectories) {
  const auto policy = ImagePolicy::parse(kScopes, "policy.json");
  EXPECT_EQ(policy.for_layout("/layouts/good", "1").front().kind, ImageRequirement::Kind::accept);
  EXPECT_EQ(policy.for_layout("/layouts/good", "2").front().kind, ImageRequirement::Kind::reject);
  EXPECT_THAT(policy.for_layout("/elsewhere", "1").front().place, HasSubstr("default"));
}

std::string mistake(const std::string& requirement) {
  try {
    ImagePolicy::parse(R"({"default": [)" + requirement + "]}", "policy.json");
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::invalid_argument);
    return error.text();
  }
  return "";
}

TEST(ImagePolicy, MistakesAreNeverPassedOver) {
  EXPECT_THAT(mistake(""), HasSubstr("at least one requirement"));
  EXPECT_THAT(mistake(R"({"type": "trustMe"})"),
              HasSubstr("policy.json, default, requirement 1: the type \"trustMe\""));
  EXPECT_THAT(mistake(R"({"type": "reject", "not": 1})"), HasSubstr("field \"not\""));
  EXPECT_THAT(mistake(R"({"type": "sigstoreSigned"})"), HasSubstr("exactly one of"));
  EXPECT_THAT(mistake(R"({"type": "sigstoreSigned", "keyData": "AAAA"})"), HasSubstr("no public key"));
  EXPECT_THAT(mistake(R"({"type": "sigstoreSigned", "keyData": "!"})"), HasSubstr("no base64"));
  EXPECT_THAT(mistake(R"({"type": "sigstoreSigned", "keyDatas": []})"), HasSubstr("is empty"));
  EXPECT_THAT(mistake(R"({"type": "sigstoreSigned", "keyData": "AAAA", "keyDatas": ["AAAA"]})"),
              HasSubstr("more than one"));
  EXPECT_THROW(ImagePolicy::parse(R"({"transports": {}})", "p"), base::Error);
  EXPECT_THROW(ImagePolicy::parse(R"({"default": [{"type": "reject"}], "transports": []})", "p"), base::Error);
  EXPECT_THROW(ImagePolicy::parse(R"({"default": [{"type": "reject"}], "transport": {}})", "p"), base::Error);
}

std::string refusal(const SignedIdentity& identity, const char* signed_as, const char* image) {
  try {
    identity.check(signed_as, oci::Reference::parse(image));
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::permission_denied);
    return error.text();
  }
  return "";
}

TEST(SignedIdentity, HoldsForTheNamesItIsAbout) {
  using Match = SignedIdentity::Match;
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const std::string pinned = "r.io/app" + digest;
  const SignedIdentity usual;
  EXPECT_EQ(refusal(usual, "r.io/app:1", "r.io/app:1"), "");
  EXPECT_THAT(refusal(usual, "r.io/app:2", "r.io/app:1"), EndsWith("for r.io/app:2, not for r.io/app:1"));
  EXPECT_NE(refusal(usual, "r.io/app", "r.io/app:1"), "");
  EXPECT_EQ(refusal(usual, "r.io/app:2", pinned.c_str()), "");
  EXPECT_NE(refusal(usual, "r.io/other:2", pinned.c_str()), "");
  const SignedIdentity repository{Match::repository, "", ""};
  EXPECT_EQ(refusal(repository, "r.io/app", "r.io/app:1"), "");
  EXPECT_NE(refusal(repository, "r.io/ap", "r.io/app:1"), "");
  const SignedIdentity exact{Match::exact, "", ""};
  EXPECT_EQ(refusal(exact, "r.io/app:1", "r.io/app:1"), "");
  EXPECT_NE(refusal(exact, "r.io/app:1", pinned.c_str()), "");
  EXPECT_NE(refusal(exact, "r.io/app", "r.io/app:1"), "");
  const SignedIdentity reference{Match::exact_reference, "r.io/app:1", ""};
  EXPECT_EQ(refusal(reference, "r.io/app:1", "mirror.io/app:9"), "");
  EXPECT_NE(refusal(reference, "r.io/app:2", "mirror.io/app:9"), "");
  const SignedIdentity place{Match::exact_repository, "r.io/app", ""};
  EXPECT_EQ(refusal(place, "r.io/app:7", "mirror.io/app:9"), "");
  EXPECT_NE(refusal(place, "r.io/b:7", "mirror.io/app:9"), "");
  const SignedIdentity moved{Match::remap, "mirror.io", "r.io"};
  EXPECT_EQ(refusal(moved, "r.io/app:1", "mirror.io/app:1"), "");
  EXPECT_NE(refusal(moved, "r.io/app:1", "mirror.iota/app:1"), "");
  EXPECT_NE(refusal(usual, "", "r.io/app:1"), "");
}

}  // namespace
}  // namespace attest
