// SPDX-License-Identifier: Apache-2.0
// What gpg says is read here from its words; what it says of real signatures, tests/e2e/cases/*_signatures.sh show.
#include "ops/pgp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/format.h"

namespace ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kNew = "[GNUPG:] NEWSIG me@localhost\n";
constexpr std::string_view kGood = "[GNUPG:] GOODSIG 13A06E9A9DC5C90A me@localhost\n";
constexpr std::string_view kUnknown =
    "[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 7849FB66242DD454 22 8 00 1795915126 9 -\n[GNUPG:] NO_PUBKEY 7849FB66242DD454\n";

std::string valid(int key = 22, int digest = 8) {
  return base::format("[GNUPG:] VALIDSIG E73F 2025-01-15 1736899200 0 4 0 {} {} 00 E73F\n", key, digest);
}

PgpSignature only(const std::string& status) {
  const auto signatures = read_pgp_status(status);
  EXPECT_EQ(signatures.size(), 1U);
  return signatures.empty() ? PgpSignature() : signatures.front();
}

std::string with(std::string_view line) { return std::string(kNew) + valid() + std::string(line) + "\n"; }

TEST(PgpSignature, IsGoodOnlyWithBothOfGpgsWords) {
  EXPECT_TRUE(only(std::string(kNew) + std::string(kGood) + valid()).is_good());
  EXPECT_FALSE(only(std::string(kNew) + std::string(kGood)).is_good());
  EXPECT_FALSE(only(std::string(kNew) + valid()).is_good());
  // Only what stands at the start of a line is gpg's.
  EXPECT_TRUE(read_pgp_status("x [GNUPG:] GOODSIG 13A0 me\n [GNUPG:] VALIDSIG 1 2 3 4 5 6 22 8 00 1\n").empty());
}

TEST(PgpSignature, IsNotGoodBesideAnyBadWord) {
  for (const char* word : {"BADSIG", "ERRSIG", "EXPSIG", "REVKEYSIG", "KEYREVOKED", "NO_PUBKEY", "EXPKEYSIG"}) {
    const auto signature = only(with(base::format("[GNUPG:] GOODSIG 13A0 me\n[GNUPG:] {}", word)));
    EXPECT_FALSE(signature.is_good()) << word;
  }
}

TEST(PgpSignature, CountsWhenTheKeyEndedLater) {
  const auto ended = [](const char* seconds) {
    return only(with(base::format("[GNUPG:] KEYEXPIRED {}\n[GNUPG:] EXPKEYSIG 13A0 me", seconds)));
  };
  EXPECT_TRUE(ended("1740873600").has_expired_since());
  EXPECT_FALSE(ended("1736000000").has_expired_since());
  EXPECT_FALSE(ended("unknown").has_expired_since());
  EXPECT_FALSE(only(with("[GNUPG:] KEYREVOKED\n[GNUPG:] EXPKEYSIG 13A0 me")).has_expired_since());
  EXPECT_FALSE(only(with("[GNUPG:] GOODSIG 13A0 me")).has_expired_since());
}

TEST(PgpSignature, IsWeakWithOldDigestsAndKeys) {
  const auto made_with = [](int key, int digest) {
    return only(std::string(kNew) + std::string(kGood) + valid(key, digest));
  };
  EXPECT_FALSE(made_with(1, 10).is_weak());
  for (const int digest : {1, 2, 3}) EXPECT_FALSE(made_with(22, digest).is_good()) << digest;
  EXPECT_FALSE(made_with(17, 8).is_good());
  EXPECT_THAT(made_with(22, 2).fault(), HasSubstr("no longer safe"));
}

TEST(PgpSignature, TellsItsFault) {
  EXPECT_THAT(only(with("[GNUPG:] BADSIG 13A0 me")).fault(), HasSubstr("does not fit"));
  EXPECT_THAT(only(with("[GNUPG:] KEYREVOKED")).fault(), HasSubstr("revoked"));
  EXPECT_THAT(only(with("[GNUPG:] EXPKEYSIG 13A0 me")).fault(), HasSubstr("has expired"));
  EXPECT_THAT(only(std::string(kUnknown)).fault(), HasSubstr("7849FB66242DD454 signed it, which is none"));
}

TEST(PgpStatus, IsReadSignatureBySignature) {
  const auto signatures = read_pgp_status("gpg: chatter\n[GNUPG:] KEY_CONSIDERED E73F 0\n" + std::string(kUnknown) +
                                          std::string(kNew) + std::string(kGood) + valid());
  ASSERT_EQ(signatures.size(), 2U);
  EXPECT_FALSE(signatures[0].is_good());
  EXPECT_TRUE(signatures[0].is_judged());
  EXPECT_TRUE(signatures[1].is_good());
}

TEST(PgpStatus, SaysWhenThereIsNoSignature) {
  EXPECT_TRUE(read_pgp_status("error: no signature found\n").empty());
  EXPECT_FALSE(only("[GNUPG:] NODATA 1\n[GNUPG:] NODATA 2\n").is_judged());
  EXPECT_FALSE(only(std::string(kNew)).is_judged());
}

TEST(ArmoredParts, AreBlocksAndTheRest) {
  const auto parts =
      armored_parts("# ours\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nAAAA\r\n-----END PGP SIGNATURE-----\r\n\nother\n",
                    "SIGNATURE", "a");
  EXPECT_EQ(parts.blocks, "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n");
  EXPECT_THAT(parts.others, ElementsAre("other"));
  EXPECT_THROW(armored_parts("-----BEGIN PGP SIGNATURE-----\nAAAA\n", "SIGNATURE", "a"), base::Error);
}

}  // namespace
}  // namespace ops
