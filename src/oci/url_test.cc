// SPDX-License-Identifier: Apache-2.0
#include "oci/url.h"

#include <gtest/gtest.h>

namespace oci {
namespace {

std::string resolved(const char* from, const char* location) {
  const auto url = resolve_url(*parse_url(from), location);
  return url ? url->str() : "none";
}

TEST(Url, HasItsParts) {
  const auto url = parse_url("HTTPS://user:secret@Example.ORG:8443/a/b?c#d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin(), "https://example.org:8443");
  EXPECT_EQ(url->target, "/a/b?c");
  EXPECT_EQ(url->str(), "https://Example.ORG:8443/a/b?c");
  EXPECT_EQ(parse_url("http://a")->target, "/");
  EXPECT_EQ(parse_url("http://a?b")->target, "/?b");
  EXPECT_EQ(parse_url("http://[::1]:5000/x")->host, "::1");
}

TEST(Url, DefaultPortsAreTheSameOrigin) {
  EXPECT_EQ(parse_url("https://a/")->origin(), parse_url("https://a:443/")->origin());
  EXPECT_NE(parse_url("https://a/")->origin(), parse_url("http://a/")->origin());
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "ftp://a/", "http://", "http:///x", "http://a:99999/", "http://a b/", "http://a:x/",
                           "http://[::1/", "file:///etc/passwd", "http://a\r\nX: y/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, ABackslashEndsTheHost) { EXPECT_EQ(parse_url("http://good\\@evil/")->host, "good"); }

TEST(Url, ResolvesLocations) {
  EXPECT_EQ(resolved("http://h/a/b?q", "/c"), "http://h/c");
  EXPECT_EQ(resolved("http://h/a/b?q", "c?d"), "http://h/a/c?d");
  EXPECT_EQ(resolved("http://h/a/b?q", "../c/"), "http://h/c/");
  EXPECT_EQ(resolved("http://h/a/b?q", "?z"), "http://h/a/b?z");
  EXPECT_EQ(resolved("https://h/a", "//other/x"), "https://other/x");
  EXPECT_EQ(resolved("https://h/a", "http://other/x"), "http://other/x");
  EXPECT_EQ(resolved("https://h/a", "ftp://other/x"), "none");
  EXPECT_EQ(resolved("https://h/a", "/b?u=http://x/"), "https://h/b?u=http://x/");
}

TEST(Url, KnowsLoopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.8.7", "::1"}) EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host : {"127.0.0.1.example.org", "10.0.0.1", "localhost.example.org"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Url, EncodesEverythingReserved) { EXPECT_EQ(url_encode("a:b/c d~"), "a%3Ab%2Fc%20d~"); }

}  // namespace
}  // namespace oci
