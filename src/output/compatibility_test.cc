// SPDX-License-Identifier: Apache-2.0
#include "output/compatibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace output {
namespace {

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    return error.text();
  }
  return "";
}

/// "types attestations" of a flag.
std::string defaults(const std::string& text, int version, Attested attested) {
  Spec spec = parse_spec(text);
  set_defaults(spec, version, attested);
  return std::string(spec.dialect() == oci::Dialect::oci ? "oci " : "docker ") +
         (*spec.oci_artifact ? "artifact" : "image");
}

TEST(Compatibility, KnowsItsVersions) {
  EXPECT_EQ(parse_compatibility_version("10"), 10);
  EXPECT_EQ(parse_compatibility_version("20"), 20);
  EXPECT_EQ(parse_compatibility_version("30"), kCurrentCompatibility);
  for (const std::string wrong : {"", "0", "11", "40", "+10", "10 ", "ten"}) {
    EXPECT_EQ(error_of([&] { parse_compatibility_version(wrong); }),
              "unsupported compatibility-version \"" + wrong + "\": there are 10, 20 and 30");
  }
}

TEST(Compatibility, DefaultsAreThoseOfTheVersion) {
  for (const int version : {10, 20}) {
    EXPECT_EQ(defaults("type=image", version, Attested::no), "docker image");
    EXPECT_EQ(defaults("type=docker", version, Attested::no), "docker image");
    EXPECT_EQ(defaults("type=image", version, Attested::yes), "oci image");
    EXPECT_EQ(defaults("type=oci", version, Attested::no), "oci image");
  }
  for (const std::string type : {"image", "docker", "oci"}) {
    EXPECT_EQ(defaults("type=" + type, 30, Attested::no), "oci artifact");
    EXPECT_EQ(defaults("type=" + type, 30, Attested::yes), "oci artifact");
  }
}

TEST(Compatibility, WhatTheFlagSaysCounts) {
  EXPECT_EQ(defaults("type=image,oci-mediatypes=true", 20, Attested::no), "oci image");
  EXPECT_EQ(defaults("type=image,oci-mediatypes=false", 30, Attested::no), "docker image");
  EXPECT_EQ(defaults("type=oci,oci-artifact=true", 20, Attested::yes), "oci artifact");
  EXPECT_EQ(defaults("type=oci,oci-artifact=false", 30, Attested::yes), "oci image");
  EXPECT_EQ(defaults("type=oci,attestations=referrers", 20, Attested::yes), "oci artifact");
}

TEST(Compatibility, RefusesWhatAVersionCannotHave) {
  EXPECT_EQ(error_of([] { defaults("type=oci,compression=zstd", 10, Attested::no); }),
            "unsupported compatibility-version 10 feature oci exporter compression=zstd");
  EXPECT_THAT(error_of([] { defaults("type=image,compression=zstd", 20, Attested::no); }),
              testing::HasSubstr("conflicts with \"oci-mediatypes=false\""));
  EXPECT_THAT(error_of([] { defaults("type=image,oci-artifact=true", 20, Attested::no); }),
              testing::HasSubstr("conflicts with \"oci-mediatypes=false\""));
  EXPECT_EQ(defaults("type=image,compression=zstd", 20, Attested::yes), "oci image");
}

TEST(Compatibility, FilesAndTarsHaveNoMediaTypes) {
  Spec spec = parse_spec("type=local,dest=x");
  set_defaults(spec, 10, Attested::no);
  EXPECT_FALSE(spec.oci_mediatypes);
}

}  // namespace
}  // namespace output
