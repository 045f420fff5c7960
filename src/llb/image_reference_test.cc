// SPDX-License-Identifier: Apache-2.0
#include "llb/image_reference.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace llb {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string full(std::string_view text) { return ImageReference::parse(text).with_default_tag().text(); }

std::string failure(std::string_view text) {
  try {
    ImageReference::parse(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

TEST(ImageReference, FillsInWhatDockerImplies) {
  EXPECT_EQ(full("ubuntu"), "docker.io/library/ubuntu:latest");
  EXPECT_EQ(full("me/app:1"), "docker.io/me/app:1");
  EXPECT_EQ(full("index.docker.io/ubuntu"), "docker.io/library/ubuntu:latest");
  EXPECT_EQ(full("localhost/a"), "localhost/a:latest");
  EXPECT_EQ(full("reg.test:5000/a/b"), "reg.test:5000/a/b:latest");
  EXPECT_EQ(full("[::1]:5000/a"), "[::1]:5000/a:latest");
  EXPECT_EQ(full("UP/a"), "UP/a:latest");
  EXPECT_EQ(full("a@" + kDigest), "docker.io/library/a@" + kDigest);
  EXPECT_EQ(full("a:t@" + kDigest), "docker.io/library/a:t@" + kDigest);
}

TEST(ImageReference, ShortensForPeople) {
  EXPECT_EQ(ImageReference::parse("docker.io/library/a:1").familiar(), "a:1");
  EXPECT_EQ(ImageReference::parse("docker.io/library/a/b").familiar(), "library/a/b");
  EXPECT_EQ(ImageReference::parse("reg.test/a").familiar(), "reg.test/a");
  EXPECT_EQ(ImageReference::parse("me/a:1").familiar_name(), "me/a");
}

TEST(ImageReference, SaysWhatIsWrong) {
  const std::vector<std::string> bad = {"",
                                        ":",
                                        "a:",
                                        "a b",
                                        "/a",
                                        "a//b",
                                        "a..b",
                                        "a___b",
                                        "-a",
                                        "a@",
                                        "a@sha256:1",
                                        "\xff",
                                        std::string("a\0b", 3),
                                        "a:" + std::string(129, 'x')};
  for (const std::string& text : bad) {
    EXPECT_NE(failure(text), "") << text;
  }
  EXPECT_EQ(failure("Upper"), "invalid reference format: repository name (library/Upper) must be lowercase");
  EXPECT_EQ(failure(std::string(64, 'a')),
            "invalid repository name (" + std::string(64, 'a') + "), cannot specify 64-byte hexadecimal strings");
  EXPECT_EQ(failure("a@sha999:" + std::string(64, 'a')), "unsupported digest algorithm");
  EXPECT_EQ(failure("a@sha256:" + std::string(63, 'a')), "invalid checksum digest length");
  EXPECT_EQ(failure("a@sha256:" + std::string(64, 'A')), "invalid checksum digest format");
  EXPECT_EQ(failure("a/" + std::string(256, 'b')), "repository name must not be more than 255 characters");
}

}  // namespace
}  // namespace llb
