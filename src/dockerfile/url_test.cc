// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dockerfile {
namespace {

std::string failure(std::string_view text) {
  try {
    Url::parse(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(Url, TakesApartAndPutsTogether) {
  const Url url = Url::parse("HTTPS://me:se%20cret@host:80/a%20b/c?x=1&y=2&x=3#f%2fg");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.user->name, "me");
  EXPECT_EQ(url.user->password, "se cret");
  EXPECT_EQ(url.host, "host:80");
  EXPECT_EQ(url.path, "/a b/c");
  EXPECT_EQ(url.fragment, "f/g");
  EXPECT_EQ(url.text(), "https://me:se%20cret@host:80/a%20b/c?x=1&y=2&x=3");
  const UrlQuery query = url.query();
  ASSERT_EQ(query.size(), 2u);
  EXPECT_EQ(query[0].second, (std::vector<std::string>{"1", "3"}));
}

TEST(Url, KeepsTheSpellingOfAPath) {
  for (const char* text :
       {"http://h/a%2Fb", "http://h/a!b", "http://h?", "file:///x", "mailto:a@b", "a/b", "http://[::1]:80/"}) {
    EXPECT_EQ(Url::parse(text).text(), text);
  }
  EXPECT_EQ(Url::parse("http://h/a b").text(), "http://h/a%20b");
}

TEST(Url, SaysWhatIsWrong) {
  EXPECT_EQ(failure("http://h/%zz"), "parse \"http://h/%zz\": invalid URL escape \"%zz\"");
  EXPECT_EQ(failure("http://h:x/"), "parse \"http://h:x/\": invalid port \":x\" after host");
  EXPECT_EQ(failure("http://a b/"), "parse \"http://a b/\": invalid character \" \" in host name");
  EXPECT_EQ(failure("http://[::1/"), "parse \"http://[::1/\": missing ']' in host");
  EXPECT_EQ(failure(":x"), "parse \":x\": missing protocol scheme");
  EXPECT_EQ(failure("1:x"), "parse \"1:x\": first path segment in URL cannot contain colon");
  EXPECT_EQ(failure("http://h/\x01"), "parse \"http://h/\\x01\": net/url: invalid control character in URL");
  EXPECT_EQ(failure("http://u\\@h/"), "parse \"http://u\\\\@h/\": net/url: invalid userinfo");
}

TEST(Url, LeavesMalformedPairsOutOfAQuery) {
  EXPECT_EQ(Url::parse("http://h/?a=1&%zz=2&b;c=3&&=4").query().size(), 2u);
  EXPECT_FALSE(parse_url_query("a=1&%zz=2"));
  EXPECT_EQ(parse_url_query("a+b=c%2Bd")->at(0).first, "a b");
}

}  // namespace
}  // namespace dockerfile
