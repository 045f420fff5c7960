// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Reference, FillsInDockersDefaults) {
  const Reference alpine = Reference::parse("alpine");
  EXPECT_EQ(alpine.str(), "docker.io/library/alpine");
  EXPECT_EQ(alpine.tagged().str(), "docker.io/library/alpine:latest");
  EXPECT_EQ(alpine.object(), "latest");
  EXPECT_EQ(Reference::parse("user/app:1").str(), "docker.io/user/app:1");
  EXPECT_EQ(Reference::parse("index.docker.io/alpine").str(), "docker.io/library/alpine");
  EXPECT_EQ(Reference::parse("docker.io/alpine").str(), "docker.io/library/alpine");
}

TEST(Reference, TellsHostsFromUserNames) {
  EXPECT_EQ(Reference::parse("localhost/app").domain, "localhost");
  EXPECT_EQ(Reference::parse("localhost:5000/app").domain, "localhost:5000");
  EXPECT_EQ(Reference::parse("ghcr.io/a/b").domain, "ghcr.io");
  EXPECT_EQ(Reference::parse("HOST/app").domain, "HOST");
  EXPECT_EQ(Reference::parse("[::1]:5000/app").domain, "[::1]:5000");
  EXPECT_EQ(Reference::parse("local/app").str(), "docker.io/local/app");
}

TEST(Reference, ReadsTagAndDigestTogether) {
  const Reference both = Reference::parse("app:1@" + kDigest);
  EXPECT_EQ(both.tag, "1");
  EXPECT_EQ(both.digest.str(), kDigest);
  EXPECT_EQ(both.object(), kDigest);
  EXPECT_EQ(both.str(), "docker.io/library/app:1@" + kDigest);
  EXPECT_EQ(Reference::parse("app@" + kDigest).tagged().tag, "");
}

TEST(Reference, IsFamiliarOnlyWhereNothingIsLost) {
  EXPECT_EQ(Reference::parse("docker.io/library/alpine:3").familiar(), "alpine:3");
  EXPECT_EQ(Reference::parse("docker.io/library/a/b").familiar(), "library/a/b");
  EXPECT_EQ(Reference::parse("docker.io/user/app").familiar(), "user/app");
  EXPECT_EQ(Reference::parse("quay.io/library/app").familiar(), "quay.io/library/app");
}

TEST(Reference, AcceptsTheSeparatorsOfTheGrammar) {
  for (const char* name : {"a.b", "a_b", "a__b", "a---b", "e/a-b.c_d"}) {
    EXPECT_TRUE(Reference::parse_if_valid(name)) << name;
  }
}

class BadReference : public ::testing::TestWithParam<std::string> {};

TEST_P(BadReference, IsRefused) {
  try {
    Reference::parse(GetParam());
    FAIL() << GetParam();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::invalid_argument);
  }
}

INSTANTIATE_TEST_SUITE_P(All, BadReference,
                         ::testing::Values("", "Alpine", "a b", "a//b", "/a", "a/", "a:", "a:-x", "a@", "a@sha256:12",
                                           "a@md5:" + std::string(32, 'a'), "a..b", "a___b", "-a", "a-", ".a",
                                           "host:port/a", "ho st/a", "h.-/a", "[::1/a", "http://a/b", "a:b:c",
                                           "a:" + std::string(129, 't'), std::string(64, 'a'), std::string(300, 'a'),
                                           std::string("a\0b", 3), "a\n", "docker.io/../x", "a@" + kDigest + "0"));

TEST(Reference, SaysThatNamesAreLowerCase) {
  try {
    Reference::parse("docker.io/User/app");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.text().find("repository name (User/app) must be lowercase"), std::string::npos) << error.text();
  }
}

}  // namespace
}  // namespace oci
