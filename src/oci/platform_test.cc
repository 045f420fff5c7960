// SPDX-License-Identifier: Apache-2.0
#include "oci/platform.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace oci {
namespace {

std::string normal(const char* text) { return format_platform(parse_platform(text)); }

std::string chosen(const char* wanted, const std::vector<const char*>& offers) {
  std::vector<Platform> candidates;
  for (const char* offer : offers) candidates.push_back(parse_platform(offer));
  const auto best = PlatformMatcher::runs_on(parse_platform(wanted)).choose(candidates);
  return best ? offers[*best] : "none";
}

TEST(Platform, UsesGosNames) {
  EXPECT_EQ(normal("linux/x86_64"), "linux/amd64");
  EXPECT_EQ(normal("Linux/aarch64"), "linux/arm64");
  EXPECT_EQ(normal("linux/armhf"), "linux/arm");
  EXPECT_EQ(normal("linux/armel"), "linux/arm/v6");
  EXPECT_EQ(normal("linux/arm/7"), "linux/arm/v7");
  EXPECT_EQ(normal("linux/arm64/v8"), "linux/arm64/v8");
  EXPECT_EQ(normal("linux/amd64/v1"), "linux/amd64");
  EXPECT_EQ(normal("linux/amd64/v2"), "linux/amd64/v2");
  EXPECT_EQ(normal("macos/arm64"), "darwin/arm64");
}

TEST(Platform, FillsInTheMissingHalf) {
  EXPECT_EQ(parse_platform("linux").architecture, host_platform().architecture);
  EXPECT_EQ(normal("arm64"), "linux/arm64");
}

TEST(Platform, ReadsTheOsVersionAndFeatures) {
  const Platform windows = parse_platform("windows(10.0.17763+win32k)/amd64");
  EXPECT_EQ(windows.os_version, "10.0.17763");
  EXPECT_EQ(windows.os_features, std::vector<std::string>{"win32k"});
  EXPECT_EQ(format_platform_all(windows), "windows(10.0.17763+win32k)/amd64");
}

TEST(Platform, RefusesNonsense) {
  for (const char* text : {"", "linux/", "nosuch", "a/b/c/d", "linux/am d64", "linux/*", "linux(/amd64", "/amd64"}) {
    EXPECT_THROW(parse_platform(text), base::Error) << text;
  }
}

TEST(PlatformMatcher, PrefersTheNearestVariantAndFallsBack) {
  EXPECT_EQ(chosen("linux/amd64", {"linux/arm64", "linux/amd64"}), "linux/amd64");
  EXPECT_EQ(chosen("linux/amd64", {"linux/amd64/v2", "linux/amd64"}), "linux/amd64");
  EXPECT_EQ(chosen("linux/amd64/v3", {"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}), "linux/amd64/v2");
  EXPECT_EQ(chosen("linux/amd64", {"linux/386"}), "linux/386");
  EXPECT_EQ(chosen("linux/amd64", {"linux/amd64/v2"}), "none");
  EXPECT_EQ(chosen("linux/arm/v7", {"linux/arm/v5", "linux/arm/v6"}), "linux/arm/v6");
  EXPECT_EQ(chosen("linux/arm/v6", {"linux/arm/v7"}), "none");
  EXPECT_EQ(chosen("linux/arm64", {"linux/arm/v7", "linux/arm64/v8"}), "linux/arm64/v8");
  EXPECT_EQ(chosen("linux/arm64", {"linux/arm/v7"}), "linux/arm/v7");
  EXPECT_EQ(chosen("linux/arm64/v9", {"linux/arm64/v8.2", "linux/arm64"}), "linux/arm64/v8.2");
  EXPECT_EQ(chosen("linux/s390x", {"windows/s390x"}), "none");
}

TEST(PlatformMatcher, StrictTakesNothingElse) {
  const auto matcher = PlatformMatcher::strict(parse_platform("linux/amd64/v2"));
  EXPECT_TRUE(matcher.matches(parse_platform("linux/amd64/v2")));
  EXPECT_FALSE(matcher.matches(parse_platform("linux/amd64")));
}

}  // namespace
}  // namespace oci
