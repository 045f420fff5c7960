// SPDX-License-Identifier: Apache-2.0
#include "cache/config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cache {
namespace {

base::Digest digest(const std::string& text) { return base::sha256(text); }

Layer layer(const std::string& name, std::optional<std::size_t> parent = {}) {
  Layer made;
  made.blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  made.blob.digest = digest("blob " + name);
  made.blob.size = 7;
  made.diff_id = digest("diff " + name);
  made.parent = parent;
  made.created = 1'700'000'000'000'000'000;
  return made;
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const base::Error& error) {
    return error.text();
  }
  return "accepted";
}

TEST(CacheConfig, ComesBackAsItWasWritten) {
  Config config;
  config.layers = {layer("a"), layer("b", 0)};
  config.records.push_back({.digest = digest("content"), .content = true});
  config.records.push_back({.digest = digest("base"), .empty_result = true, .created = 0});
  config.records.push_back({.digest = digest("copy"),
                            .inputs = {{{"", 1}}, {{"sel", 1}, {"", 0}}},
                            .layer = 1,
                            .created = 1'700'000'000'000'000'000});
  EXPECT_EQ(parse(to_text(config)), config);
  EXPECT_EQ(config.chain(1), (std::vector<std::size_t>{0, 1}));
}

TEST(CacheConfig, ReadsWhatBuildKitWrites) {
  const std::string hex(64, 'a');
  const auto config = parse(R"({"layers":[{"blob":"sha256:)" + hex + R"(","parent":-1}],"records":[
    {"digest":"sha256:)" + hex +
                            R"("},
    {"layers":[{"layer":0,"createdAt":"2026-01-02T03:04:05.000000006Z"}],"digest":"random:zz","inputs":[[{"selector":"sha256:x","link":0}]]}]})");
  ASSERT_EQ(config.records.size(), 2U);
  EXPECT_TRUE(config.records[1].digest.empty()) << "a digest that nothing can have";
  EXPECT_EQ(config.records[1].layer, 0U);
  EXPECT_EQ(config.records[1].inputs[0][0].selector, "sha256:x");
}

TEST(CacheConfig, TakesBlobsFromTheManifest) {
  Config config;
  config.layers = {layer("a"), layer("b", 0)};
  config.layers[0].diff_id = {};
  oci::Descriptor blob = config.layers[0].blob;
  blob.size = 99;
  blob.annotations["containerd.io/uncompressed"] = digest("inside").str();
  const std::vector<oci::Descriptor> blobs = {blob};
  const auto read = parse(to_text(config), &blobs);
  EXPECT_EQ(read.layers[0].blob.size, 99U);
  EXPECT_EQ(read.layers[0].diff_id, digest("inside"));
  EXPECT_EQ(read.layers[1].blob.size, 0U) << "its blob is not there";
}

TEST(CacheConfig, AnAbsentParentIsTheFirstLayer) {
  // Go's omitempty: BuildKit writes no 0.
  const std::string hex = digest("x").hex();
  const auto config =
      parse(R"({"layers":[{"blob":"sha256:)" + hex + R"(","parent":-1},{"blob":"sha256:)" + hex + R"("}]})");
  EXPECT_FALSE(config.layers[0].parent);
  EXPECT_EQ(config.layers[1].parent, std::optional<std::size_t>(0));
}

TEST(CacheConfig, RefusesWhatLeadsNowhereOrInCircles) {
  const std::string d = digest("x").str();
  EXPECT_EQ(refusal(R"({"records":[{"digest":")" + d + R"(","inputs":[[{"link":1}]]}]})"), "cache config: link 1 of 1");
  EXPECT_EQ(refusal(R"({"records":[{"digest":")" + d + R"(","inputs":[[{"link":-1}]]}]})"),
            "cache config: link -1 of 1");
  EXPECT_EQ(refusal(R"({"records":[{"digest":")" + d + R"(","inputs":[[{"link":0}]]}]})"),
            "cache config: entries in a circle");
  EXPECT_EQ(refusal(R"({"records":[{"digest":")" + d + R"(","layers":[{"layer":0}]}]})"), "cache config: layer 0 of 0");
  EXPECT_EQ(refusal(R"({"layers":[{"blob":")" + d + R"(","parent":0}]})"), "cache config: entries in a circle");
  EXPECT_NE(refusal(R"({"layers":[{"blob":"x"}]})"), "accepted");
  EXPECT_NE(refusal("{"), "accepted");
  EXPECT_EQ(refusal("{}"), "accepted");
}

TEST(CacheConfig, ALongChainIsNoDeepRecursion) {
  Config config;
  for (std::size_t i = 0; i < 50'000; ++i) {
    config.layers.push_back(layer(std::to_string(i), i == 0 ? std::nullopt : std::optional(i - 1)));
    config.records.push_back({.digest = digest(std::to_string(i))});
    if (i > 0) config.records.back().inputs = {{{"", i - 1}}};
  }
  EXPECT_EQ(parse(to_text(config)).chain(49'999).size(), 50'000U);
}

}  // namespace
}  // namespace cache
