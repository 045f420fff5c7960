// SPDX-License-Identifier: Apache-2.0
#include "proxy/address.h"

#include <gtest/gtest.h>

namespace proxy {
namespace {

std::string normal(std::string_view text) {
  const auto url = normal_url(text);
  return url ? url->str() : "none";
}
std::string shown(std::string_view text) { return shown_url(*normal_url(text)); }

TEST(NormalUrl, SpellingsOfOnePlaceAreOne) {
  for (const char* text :
       {"https://example.org/a/b?q=1", "HTTPS://EXAMPLE.org/a/b?q=1", "https://example.org:443/a/b?q=1",
        "https://example.org./a/b?q=1", "https://example.org/%61/%62?q=1", "https://example.org/x/../a/./b?q=1",
        "https://example.org/x/%2e%2E/a/b?q=1", "https://user:word@example.org/a/b?q=1",
        "https://example.org/a/b?q=1#part"}) {
    EXPECT_EQ(normal(text), "https://example.org/a/b?q=1") << text;
  }
}

TEST(NormalUrl, WhatDiffersStaysDifferent) {
  EXPECT_EQ(normal("http://example.org"), "http://example.org/");
  EXPECT_EQ(normal("http://example.org:8080/"), "http://example.org:8080/");
  EXPECT_EQ(normal("http://[2001:DB8::1]:80/a"), "http://[2001:db8::1]/a");
  EXPECT_EQ(normal("https://example.org/a%2fb"), "https://example.org/a%2Fb");
  EXPECT_EQ(normal("https://example.org/a//b/"), "https://example.org/a//b/");
  EXPECT_EQ(normal("https://example.org/a?x=../b"), "https://example.org/a?x=../b");
  EXPECT_EQ(normal("https://example.org/50%"), "https://example.org/50%25");
  EXPECT_EQ(normal("https://example.org/%-1%+1"), "https://example.org/%25-1%25+1");
  EXPECT_EQ(normal("https://example.org/a|\xc3\xa4"), "https://example.org/a%7C%C3%A4");
  EXPECT_EQ(normal("https://example.org/../../a"), "https://example.org/a");
  EXPECT_EQ(normal("https://example.org/a/.."), "https://example.org/");
}

TEST(NormalUrl, SpellingsOfAnAddressAreOne) {
  for (const char* host :
       {"198.51.100.7", "3325256711", "198.51.25607", "198.3367943", "0306.51.100.7", "0xc6.0x33.0x64.0x7",
        "0XC6336407", "198.51.100.7.", "[::ffff:198.51.100.7]", "[::FFFF:c633:6407]", "[0:0:0:0:0:ffff:c633:6407]"}) {
    EXPECT_EQ(normal("http://" + std::string(host) + ":8080/f"), "http://198.51.100.7:8080/f") << host;
  }
  for (const char* host : {"[2001:db8::1]", "[2001:DB8:0:0:0:0:0:1]", "[2001:0db8::0001]"}) {
    EXPECT_EQ(normal("https://" + std::string(host) + "/f"), "https://[2001:db8::1]/f") << host;
  }
  EXPECT_EQ(normal("http://198.51.100.7.example.org/"), "http://198.51.100.7.example.org/");
  EXPECT_EQ(normal("http://256.1.1.1/"), "http://256.1.1.1/");
}

TEST(NormalUrl, OthersAreNone) {
  for (const char* text :
       {"", "/path", "ftp://example.org/", "http://", "http:///a", "http://exa mple.org/", "http://a,b/",
        "http://[zz::1]/", "http://[1:2:3]/", "http://[:::]/", "http://a:99999/", "http://a\nb/", "http://a%2fb/"}) {
    EXPECT_EQ(normal(text), "none") << text;
  }
}

TEST(ShownUrl, HidesWhatGrantsAccess) {
  EXPECT_EQ(shown("https://user:word@example.org/f"), "https://example.org/f");
  EXPECT_EQ(shown("https://example.org/f?a=1&X-Amz-Signature=abc&X-Amz-Date=2&token=t&Sig=s"),
            "https://example.org/f?a=1&X-Amz-Signature=xxxxx&X-Amz-Date=2&token=xxxxx&Sig=xxxxx");
  EXPECT_EQ(shown("https://example.org/f?access_token=&x"), "https://example.org/f?access_token=&x");
  EXPECT_EQ(shown("https://example.org/f?author=me"), "https://example.org/f?author=me");
}

TEST(ShownUrl, OfALocation) {
  const auto base = normal_url("https://example.org/a/b");
  EXPECT_EQ(shown_location(*base, "c?token=1"), "https://example.org/a/c?token=xxxxx");
  EXPECT_EQ(shown_location(*base, "HTTP://Other.org:80/x"), "http://other.org/x");
  EXPECT_EQ(shown_location(*base, "ftp://other.org/x"), "");
}

}  // namespace
}  // namespace proxy
