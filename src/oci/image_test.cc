// SPDX-License-Identifier: Apache-2.0
#include "oci/image.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'b');

std::string descriptor(std::string_view type = kOciConfig, std::string_view size = "3") {
  return base::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type, kDigest, size);
}

std::string manifest(std::string_view layers, std::string_view config = "") {
  return base::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":{}}})", kOciManifest,
                      config.empty() ? descriptor() : std::string(config), layers);
}

TEST(Manifest, KeepsItsBytesAndReadsItsMembers) {
  const std::string raw = manifest("[" + descriptor(kOciLayer, "7") + "]");
  const Manifest parsed = Manifest::parse(raw, kOciManifest);
  EXPECT_EQ(parsed.raw, raw);
  EXPECT_EQ(parsed.config.digest.str(), kDigest);
  ASSERT_EQ(parsed.layers.size(), 1U);
  EXPECT_EQ(parsed.layers[0].size, 7U);
  EXPECT_EQ(parsed.dialect(), Dialect::oci);
}

TEST(Manifest, TakesNullLayers) { EXPECT_TRUE(Manifest::parse(manifest("null")).layers.empty()); }

class HostileManifest : public ::testing::TestWithParam<std::string> {};

TEST_P(HostileManifest, IsRefused) {
  EXPECT_THROW(Manifest::parse(GetParam(), kOciManifest), base::Error) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileManifest,
    ::testing::Values("", "null", "[]", "{}", "{", manifest("{}"), manifest("[1]"), manifest("[{}]"), manifest("\"x\""),
                      manifest("[" + descriptor(kOciLayer, "-1") + "]"),
                      manifest("[" + descriptor(kOciLayer, "9223372036854775807") + "]"),
                      manifest("[" + descriptor(kOciLayer, "1e300") + "]"),
                      manifest("[" + descriptor(kOciLayer, "\"3\"") + "]"), manifest("[]", "null"), manifest("[]", "7"),
                      manifest("[]", R"({"mediaType":"x","digest":"sha256:12","size":1})"),
                      manifest("[]", R"({"mediaType":"x","digest":"sha512:00","size":1})"),
                      manifest("[]", R"({"mediaType":7,"digest":")" + kDigest + R"(","size":1})"),
                      std::string(100'000, '['),
                      // One document, two readings.
                      base::format(R"({{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}})", descriptor()),
                      base::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[]}})", kOciIndex,
                                   descriptor()),
                      base::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[]}})", kDockerManifest,
                                   descriptor())));

TEST(Manifest, NamesDockersOldFormat) {
  try {
    document_kind(R"({"schemaVersion":1,"fsLayers":[]})", "application/vnd.docker.distribution.manifest.v1+json");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.text().find("schema 1"), std::string::npos);
  }
}

Index index_of(const std::vector<std::string>& platforms) {
  std::string list;
  for (const std::string& text : platforms) {
    Descriptor entry;
    entry.media_type = std::string(kOciManifest);
    entry.digest = base::sha256(text);
    entry.size = 1;
    if (text == "unknown/unknown") {
      entry.platform =
          Platform{.os = "unknown", .architecture = "unknown", .variant = "", .os_version = "", .os_features = {}};
    } else if (!text.empty()) {
      entry.platform = parse_platform(text);
    }
    list += (list.empty() ? "" : ",") + to_json(entry).dump();
  }
  return Index::parse(base::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", kOciIndex, list));
}

TEST(Index, ChoosesThePlatformAndNeverAnAttestation) {
  const Index index = index_of({"unknown/unknown", "linux/arm64", "linux/amd64"});
  const auto amd64 = PlatformMatcher::runs_on(parse_platform("linux/amd64"));
  EXPECT_EQ(choose_manifest(index, amd64)->digest, base::sha256("linux/amd64"));
  EXPECT_FALSE(choose_manifest(index, PlatformMatcher::runs_on(parse_platform("linux/s390x"))));
  EXPECT_EQ(offered_platforms(index), (std::vector<std::string>{"linux/arm64", "linux/amd64"}));
}

TEST(Index, FallsBackToAnEntryWithoutPlatform) {
  const Index index = index_of({"", "linux/arm64"});
  EXPECT_EQ(choose_manifest(index, PlatformMatcher::runs_on(parse_platform("linux/amd64")))->digest, base::sha256(""));
}

TEST(ImageConfig, IsAViewOfItsBytes) {
  const std::string raw = base::format(
      R"({{"os":"linux","architecture":"arm","variant":"v7","config":{{"Env":["A=b"]}},"rootfs":{{"type":"layers","diff_ids":["{}"]}},)"
      R"("history":[{{"created_by":"x","empty_layer":true}}]}})",
      kDigest);
  const ImageConfig config = ImageConfig::parse(raw);
  EXPECT_EQ(config.raw, raw);
  EXPECT_EQ(format_platform(config.platform), "linux/arm/v7");
  EXPECT_EQ(config.diff_ids.size(), 1U);
  EXPECT_TRUE(config.history.at(0).empty_layer);
  EXPECT_EQ(config.runtime()["Env"].string_items(), std::vector<std::string>{"A=b"});
}

TEST(ImageConfig, RefusesWrongTypes) {
  for (const char* raw : {"[]", R"({"os":1})", R"({"config":[]})", R"({"rootfs":{"diff_ids":["x"]}})",
                          R"({"history":{}})", R"({"history":[{"empty_layer":1}]})", R"({"rootfs":[]})"}) {
    EXPECT_THROW(ImageConfig::parse(raw), base::Error) << raw;
  }
}

TEST(MediaType, ConvertsBetweenTheDialects) {
  EXPECT_EQ(convert_layer_type(Dialect::docker, "application/vnd.oci.image.layer.v1.tar+gzip"),
            "application/vnd.docker.image.rootfs.diff.tar.gzip");
  EXPECT_EQ(convert_layer_type(Dialect::oci, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
            "application/vnd.oci.image.layer.v1.tar+gzip");
  EXPECT_EQ(convert_layer_type(Dialect::oci, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
  EXPECT_EQ(convert_layer_type(Dialect::docker, "text/plain"), "text/plain");
  EXPECT_EQ(layer_compression("application/vnd.oci.image.layer.v1.tar+zstd"), LayerCompression::zstd);
  EXPECT_EQ(layer_compression("application/vnd.oci.image.layer.v1.tar"), LayerCompression::none);
  EXPECT_FALSE(layer_compression("application/vnd.oci.image.layer.v1.tar+lzma"));
}

TEST(Descriptor, VerifyWantsSizeAndDigest) {
  Descriptor descriptor;
  descriptor.digest = base::sha256("abc");
  descriptor.size = 3;
  verify(descriptor, "abc");
  EXPECT_THROW(verify(descriptor, "abd"), base::Error);
  EXPECT_THROW(verify(descriptor, "abcd"), base::Error);
}

}  // namespace
}  // namespace oci
