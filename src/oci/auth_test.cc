// SPDX-License-Identifier: Apache-2.0
#include "oci/auth.h"

#include <gtest/gtest.h>

namespace oci {
namespace {

TEST(Challenge, ReadsTheParametersOfABearerChallenge) {
  const auto challenges = parse_challenges(
      R"(Bearer realm="https://auth.example.org/token",service="registry",scope="repository:a/b:pull,push",error="x")");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].parameters.at("realm"), "https://auth.example.org/token");
  EXPECT_EQ(challenges[0].parameters.at("scope"), "repository:a/b:pull,push");
}

TEST(Challenge, ReadsSeveralInOneHeader) {
  const auto challenges = parse_challenges(R"(Negotiate, basic REALM = "a \"b\"" , Bearer realm=plain,service=s)");
  ASSERT_EQ(challenges.size(), 3U);
  EXPECT_EQ(challenges[0].scheme, "negotiate");
  EXPECT_EQ(challenges[1].parameters.at("realm"), "a \"b\"");
  EXPECT_EQ(challenges[2].parameters.at("service"), "s");
}

TEST(Challenge, EndsAtWhatItCannotRead) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=\"x\"").empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"unterminated").at(0).parameters.at("realm"), "unterminated");
  EXPECT_EQ(parse_challenges("Bearer realm=\"x\\").size(), 1U);
  EXPECT_EQ(parse_challenges("Basic \x01\x02").size(), 1U);
}

}  // namespace
}  // namespace oci
