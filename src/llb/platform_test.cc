// SPDX-License-Identifier: Apache-2.0
#include "llb/platform.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace llb {
namespace {

std::string normal(std::string_view text) { return format_platform_all(normalize(parse_platform(text))); }

std::string failure(std::string_view text) {
  try {
    parse_platform(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(Platform, KnowsAliases) {
  EXPECT_EQ(normal("Linux/X86_64"), "linux/amd64");
  EXPECT_EQ(normal("aarch64"), "linux/arm64");
  EXPECT_EQ(normal("linux/arm/6"), "linux/arm/v6");
  EXPECT_EQ(normal("linux/arm"), "linux/arm/v7");
  EXPECT_EQ(normal("armel"), "linux/arm/v6");
  EXPECT_EQ(normal("macos/i386"), "darwin/386");
  EXPECT_EQ(normal("linux/arm64/v8"), "linux/arm64");
}

TEST(Platform, LeavesOutVariantsThatGoWithoutSaying) {
  EXPECT_EQ(parse_platform("linux/arm").variant, "");
  EXPECT_EQ(parse_platform("linux/arm/v7").variant, "v7");
  EXPECT_EQ(parse_platform("linux/arm64").variant, "");
}

TEST(Platform, CompletesAnOperatingSystem) {
  const Platform platform = parse_platform("windows");
  EXPECT_EQ(platform.os, "windows");
  EXPECT_EQ(platform.architecture, parse_platform("linux").architecture);
  EXPECT_EQ(host_platform().os, "linux");
}

TEST(Platform, ReadsVersionAndFeatures) {
  const Platform platform = parse_platform("windows(10.0%2B1+win32k+a)/amd64");
  EXPECT_EQ(platform.os_version, "10.0+1");
  EXPECT_EQ(platform.os_features, (std::vector<std::string>{"win32k", "a"}));
  EXPECT_EQ(format_platform_all(platform), "windows(10.0%2B1+a+win32k)/amd64");
  EXPECT_EQ(format_platform(platform), "windows/amd64");
  EXPECT_EQ(format_platform({}), "unknown");
}

TEST(Platform, SaysWhatIsWrong) {
  EXPECT_EQ(failure("bogus"), "\"bogus\": unknown operating system or architecture: invalid argument");
  EXPECT_EQ(failure("linux/*"), "\"linux/*\": wildcards not yet supported: invalid argument");
  EXPECT_EQ(failure("a/b/c/d"), "\"a/b/c/d\": cannot parse platform specifier: invalid argument");
  EXPECT_NE(failure("linux/"), "");
  EXPECT_NE(failure(""), "");
  EXPECT_NE(failure("linux(x/amd64"), "");
  EXPECT_NE(failure("linux(%zz)/amd64"), "");
}

}  // namespace
}  // namespace llb
