// SPDX-License-Identifier: Apache-2.0
#include "llb/git_url.h"

#include <gtest/gtest.h>

namespace llb {
namespace {

TEST(GitUrl, IsTakenApart) {
  const auto url = parse_git_url("https://me:pw@example.com:8443/a%20b/c.git#ref:dir");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "example.com:8443");
  EXPECT_EQ(url->path, "/a b/c.git");
  EXPECT_EQ(url->remote, "https://me:pw@example.com:8443/a%20b/c.git");
}

TEST(GitUrl, KnowsTheShortFormOfSsh) {
  const auto url = parse_git_url("git@example.com:a/b.git#v1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "ssh");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->path, "a/b.git");
  EXPECT_EQ(url->remote, "git@example.com:a/b.git");
}

TEST(GitUrl, IsNothingForOtherTexts) {
  for (const char* text : {"", "example.com/a", "ftp://example.com/a.git", "https://example.com/%zz", "@host:path",
                           "user@:path", "user@host:", "://x"}) {
    EXPECT_FALSE(parse_git_url(text)) << text;
  }
}

}  // namespace
}  // namespace llb
