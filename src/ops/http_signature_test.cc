// SPDX-License-Identifier: Apache-2.0
// What is signed by whom is tested with real downloads in tests/e2e/cases/http_signatures.sh; here is what a rule may
// say.
#include "ops/http_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ops {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n";
constexpr const char* kSignature = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";

std::optional<HttpSignatureRule> rule_of(std::map<std::string, std::string> attrs) {
  llb::SourceOp source;
  source.identifier = "https://example.org/file";
  for (auto& [key, value] : attrs) source.attrs[key] = value;
  return HttpSignatureRule::of(source);
}

template <typename Call>
base::Error error_of(Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error;
  }
  return base::Error(base::Code::internal, "no error");
}

std::string rule_error(const std::string& keys, const std::string& signature) {
  const base::TemporaryDirectory room;
  const auto error = error_of([&] { HttpSignature({.keys = keys, .signature = signature}, room.path(), {}); });
  EXPECT_EQ(error.code(), base::Code::invalid_argument) << error.what();
  return error.what();
}

TEST(HttpSignatureRule, IsNoneForSourcesWithoutOne) { EXPECT_FALSE(rule_of({{"http.perm", "755"}})); }

TEST(HttpSignatureRule, TakesBothAttributes) {
  const auto rule = rule_of({{"http.sig.pubkey", "k"}, {"http.sig.signature", "s"}});
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->keys, "k");
  EXPECT_EQ(rule->signature, "s");
}

TEST(HttpSignatureRule, RefusesWhatTheKeysDidNotSign) {
  for (const char* absent : {"", " \n"}) {
    const auto error = error_of([&] { rule_of({{"http.sig.pubkey", "k"}, {"http.sig.signature", absent}}); });
    EXPECT_EQ(error.code(), base::Code::permission_denied);
    EXPECT_TRUE(error.is_refusal());
  }
  EXPECT_TRUE(error_of([&] { rule_of({{"http.sig.pubkey", "k"}}); }).is_refusal());
}

TEST(HttpSignatureRule, NeedsAKey) {
  EXPECT_THAT(error_of([&] { rule_of({{"http.sig.signature", "s"}}); }).what(), HasSubstr("names no key"));
  // An attribute that is there and empty asks for a signature, too.
  EXPECT_THAT(error_of([&] { rule_of({{"http.sig.pubkey", ""}}); }).what(), HasSubstr("names no key"));
}

TEST(HttpSignature, TakesNothingButArmoredBlocks) {
  EXPECT_THAT(rule_error("AAAA\n", kSignature), HasSubstr("http.sig.pubkey has a line that is in no armored PGP"));
  EXPECT_THAT(rule_error("# none\n", kSignature), HasSubstr("http.sig.pubkey holds no armored PGP"));
  EXPECT_THAT(rule_error(kSignature, kSignature), HasSubstr("http.sig.pubkey"));
  EXPECT_THAT(rule_error(kKey, kKey), HasSubstr("http.sig.signature has a line"));
  EXPECT_THAT(rule_error(kKey, "-----BEGIN PGP SIGNATURE-----\nAAAA\n"), HasSubstr("signature without an end"));
}

}  // namespace
}  // namespace ops
