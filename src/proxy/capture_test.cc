// SPDX-License-Identifier: Apache-2.0
#include "proxy/capture.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace proxy {
namespace {

Request got(const std::string& url, const std::string& digest) {
  return {.method = "GET", .url = url, .status = 200, .digest = digest, .size = 7};
}

TEST(Capture, EqualRequestsAreNotedOnce) {
  Capture capture;
  capture.add(got("http://a/", "sha256:1"));
  capture.add(got("http://a/", "sha256:1"));
  capture.add(got("http://a/", "sha256:2"));
  EXPECT_EQ(capture.seen().requests.size(), 2U);
}

TEST(Capture, WhatWasRedirectedNamesTheSameBytes) {
  Capture capture;
  capture.add({.method = "GET", .url = "http://a/1", .status = 302, .location = "http://a/2"});
  capture.add({.method = "GET", .url = "http://a/2", .status = 302, .location = "http://a/3"});
  capture.add({.method = "GET", .url = "http://a/x", .status = 302, .location = "http://a/nowhere"});
  capture.add({.method = "HEAD", .url = "http://a/h", .status = 302, .location = "http://a/3"});
  capture.add(got("http://a/3", "sha256:1"));
  std::set<std::string> urls;
  for (const auto& material : capture.seen().materials()) {
    EXPECT_EQ(material.digest, "sha256:1");
    EXPECT_EQ(material.size, 7U);
    urls.insert(material.url);
  }
  EXPECT_EQ(urls, (std::set<std::string>{"http://a/1", "http://a/2", "http://a/3"}));
}

TEST(Capture, OnlyARedirectLeadsOn) {
  Capture capture;
  capture.add(got("http://a/f", "sha256:1"));
  for (const int status : {200, 201, 300, 304, 404}) {
    capture.add(
        {.method = "GET", .url = "http://a/" + std::to_string(status), .status = status, .location = "http://a/f"});
  }
  EXPECT_EQ(capture.seen().materials().size(), 1U);
  for (const int status : {301, 302, 303, 307, 308}) {
    capture.add(
        {.method = "GET", .url = "http://a/" + std::to_string(status), .status = status, .location = "http://a/f"});
  }
  EXPECT_EQ(capture.seen().materials().size(), 6U);
}

TEST(Capture, AnEndlessRedirectEnds) {
  Capture capture;
  capture.add({.method = "GET", .url = "http://a/1", .status = 302, .location = "http://a/2"});
  capture.add({.method = "GET", .url = "http://a/2", .status = 302, .location = "http://a/1"});
  EXPECT_TRUE(capture.seen().materials().empty());
}

TEST(Capture, ComesBackFromJson) {
  Capture capture;
  capture.add(got("http://a/", "sha256:1"));
  capture.add({.method = "POST", .url = "http://a/", .status = 201, .location = "http://b/", .gap = "method"});
  const Seen seen = capture.seen();
  EXPECT_EQ(Seen::from_json(base::Json::parse(seen.to_json().dump())).requests, seen.requests);
  EXPECT_EQ(seen.gaps().size(), 1U);
  EXPECT_THROW(Seen::from_json(base::Json::object()), base::Error);
}

TEST(Capture, EndsWhereItWouldGrowWithoutEnd) {
  Capture capture;
  for (std::size_t i = 0; i < Capture::kMaxRequests; ++i) {
    ASSERT_TRUE(capture.admits("http://a/"));
    capture.add(got("http://a/" + std::to_string(i), "sha256:1"));
  }
  EXPECT_FALSE(capture.admits("http://a/more"));
  EXPECT_FALSE(capture.admits(""));
  EXPECT_EQ(capture.seen().gaps().size(), 1U);
  EXPECT_EQ(capture.seen().gaps().front().gap, "too_many_requests");
  Capture long_ones;
  const std::string url(Capture::kMaxBytes / 2, 'a');
  long_ones.add(got(url, "sha256:1"));
  EXPECT_TRUE(long_ones.admits("http://a/"));
  EXPECT_FALSE(long_ones.admits(url + "aa"));
}

TEST(Capture, ARefusalIsNoGap) {
  Capture capture;
  capture.refuse({.method = "GET", .url = "http://a/", .status = 403}, "rule 1");
  capture.refuse({.method = "GET", .url = "http://a/", .status = 403}, "rule 1");
  EXPECT_EQ(capture.refusals(), std::vector<std::string>{"rule 1"});
  EXPECT_TRUE(capture.seen().gaps().empty());
  EXPECT_TRUE(capture.seen().materials().empty());
}

}  // namespace
}  // namespace proxy
