// SPDX-License-Identifier: Apache-2.0
#include "ops/image_resolver.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ops {
namespace {

std::string held_to(const std::string& wanted) {
  ResolvedBase base;
  base.name = "docker.io/library/alpine:3.20";
  base.image.root.digest = base::sha256("alpine");
  try {
    require_checksum(base, wanted);
    return "";
  } catch (const base::Error& error) {
    return error.text();
  }
}

TEST(RequireChecksum, TheImageIsTheOneThatIsWanted) {
  EXPECT_EQ(held_to(""), "");
  EXPECT_EQ(held_to(base::sha256("alpine").str()), "");
  const std::string zeros = "sha256:" + std::string(64, '0');
  EXPECT_EQ(held_to(zeros), "image digest " + base::sha256("alpine").str() +
                                " for docker.io/library/alpine:3.20 does not match expected checksum " + zeros);
}

TEST(RequireChecksum, WhatIsNoDigestIsRefused) {
  EXPECT_EQ(held_to("sha256:12"),
            "image.checksum of docker.io/library/alpine:3.20: invalid digest \"sha256:12\": want sha256: and 64 "
            "hexadecimal digits");
}

}  // namespace
}  // namespace ops
