// SPDX-License-Identifier: Apache-2.0
#include "attest/options.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace attest {
namespace {

TEST(Wanted, ReadsBuildxFlags) {
  EXPECT_FALSE(parse_wanted({}, "", "").any());
  EXPECT_FALSE(parse_wanted({}, "false", "false").any());
  const Wanted both = parse_wanted({"type=provenance,mode=min,version=v0.2,builder-id=https://ci/1"}, "", "true");
  ASSERT_TRUE(both.provenance);
  EXPECT_EQ(both.provenance->mode, ProvenanceWish::Mode::min);
  EXPECT_EQ(both.provenance->version, ProvenanceWish::Version::v02);
  EXPECT_EQ(both.provenance->builder_id, "https://ci/1");
  EXPECT_TRUE(both.sbom);
  EXPECT_EQ(parse_wanted({}, "mode=min,inline-only=true", "").provenance->mode, ProvenanceWish::Mode::min);
  EXPECT_TRUE(parse_wanted({}, "mode=min,inline-only=true", "").provenance->inline_only);
  EXPECT_FALSE(parse_wanted({}, "mode=min,inline-only=false", "").provenance->inline_only);
  EXPECT_EQ(parse_wanted({}, "max", "").provenance->mode, ProvenanceWish::Mode::max);
  EXPECT_EQ(parse_wanted({"type=sbom,format=cyclonedx"}, "", "").sbom->format, SbomWish::Format::cyclonedx);
}

TEST(Wanted, LaterWishesWin) {
  EXPECT_FALSE(parse_wanted({"type=provenance"}, "false", "").any());
  EXPECT_FALSE(parse_wanted({"type=sbom", "type=sbom,disabled=true"}, "", "").any());
}

TEST(Wanted, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"type=vex", "mode=min", "type=provenance,mode=most", "type=provenance,colour=red", "type=sbom,colour=red",
        "type=sbom,generator=x,format=spdx", "type=provenance,filename=../x", "provenance"}) {
    EXPECT_THROW(parse_wanted({text}, "", ""), base::Error) << text;
  }
}

}  // namespace
}  // namespace attest
