// SPDX-License-Identifier: Apache-2.0
#include "output/assemble.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "oci/image.h"
#include "output/archive.h"
#include "output/metadata.h"

namespace output {
namespace {

ImageToExport image(const char* platform = "linux/amd64", int layers = 1) {
  ImageToExport result;
  result.platform = oci::parse_platform(platform);
  result.config = base::format(R"({{"os":"linux","architecture":"{}"}})", result.platform.architecture);
  for (int i = 0; i < layers; ++i) {
    LayerBlob layer;
    layer.digest = base::sha256(base::format("blob {}", i));
    layer.size = 6;
    layer.diff_id = base::sha256(base::format("tar {}", i));
    layer.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    layer.created = (i + 1) * base::kSecond;
    layer.annotations = {{"containerd.io/uncompressed", "x"}, {"keep", "y"}};
    result.layers.push_back(layer);
  }
  return result;
}

AssembledImage one(const AssembleOptions& options = {}, int layers = 1) {
  return assemble(std::vector{image("linux/amd64", layers)}, options);
}

TEST(Assemble, WritesAManifestAsGoDoes) {
  const AssembledImage result = one();
  const std::string& config = result.bytes(*result.config_digest);
  EXPECT_EQ(result.bytes(result.root.digest),
            base::format(R"({{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {{
    "mediaType": "application/vnd.oci.image.config.v1+json",
    "digest": "{}",
    "size": {}
  }},
  "layers": [
    {{
      "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
      "digest": "{}",
      "size": 6,
      "annotations": {{
        "keep": "y"
      }}
    }}
  ]
}})",
                         base::sha256(config).str(), config.size(), base::sha256("blob 0").str()));
  EXPECT_EQ(result.root.platform->architecture, "amd64");
  EXPECT_EQ(result.layers.size(), 1U);
}

TEST(Assemble, WritesNullForNoLayers) {
  const AssembledImage result = one({}, 0);
  EXPECT_NE(result.bytes(result.root.digest).find("\"layers\": null"), std::string::npos);
  EXPECT_NE(result.bytes(*result.config_digest).find("\"diff_ids\":null"), std::string::npos);
}

TEST(Assemble, SpeaksDockersDialect) {
  const AssembledImage result = one({.dialect = oci::Dialect::docker, .annotations = {}, .epoch = {}});
  const auto manifest = oci::Manifest::parse(result.bytes(result.root.digest));
  EXPECT_EQ(manifest.media_type, oci::kDockerManifest);
  EXPECT_EQ(manifest.config.media_type, oci::kDockerConfig);
  EXPECT_EQ(manifest.layers[0].media_type, "application/vnd.docker.image.rootfs.diff.tar.gzip");
  EXPECT_TRUE(manifest.layers[0].annotations.empty());
}

TEST(Assemble, RefusesZstdInDockersDialect) {
  ImageToExport zstd = image();
  zstd.layers[0].media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
  EXPECT_THROW(assemble(std::vector{zstd}, {.dialect = oci::Dialect::docker, .annotations = {}, .epoch = {}}),
               base::Error);
}

TEST(Assemble, MakesAnIndexOfSeveralPlatformsWithSharedLayersOnce) {
  AssembleOptions options;
  options.annotations = {{AnnotationLevel::index, "", "i", "1"},
                         {AnnotationLevel::index_descriptor, "", "id", "2"},
                         {AnnotationLevel::manifest, "", "m", "all"},
                         {AnnotationLevel::manifest, "linux/arm64", "m", "arm"},
                         {AnnotationLevel::manifest_descriptor, "linux/arm64", "md", "3"}};
  const AssembledImage result = assemble(std::vector{image("linux/amd64", 2), image("linux/arm64", 2)}, options);
  EXPECT_EQ(result.layers.size(), 2U);
  EXPECT_FALSE(result.config_digest);
  EXPECT_EQ(result.root.annotations, (oci::Annotations{{"id", "2"}}));
  const auto index = oci::Index::parse(result.bytes(result.root.digest));
  EXPECT_EQ(index.annotations, (oci::Annotations{{"i", "1"}}));
  ASSERT_EQ(index.manifests.size(), 2U);
  EXPECT_EQ(oci::format_platform(*index.manifests[1].platform), "linux/arm64");
  EXPECT_TRUE(index.manifests[0].annotations.empty());
  EXPECT_EQ(index.manifests[1].annotations, (oci::Annotations{{"md", "3"}}));
  EXPECT_EQ(oci::Manifest::parse(result.bytes(index.manifests[0].digest)).annotations.at("m"), "all");
  EXPECT_EQ(oci::Manifest::parse(result.bytes(index.manifests[1].digest)).annotations.at("m"), "arm");
}

TEST(Assemble, RefusesAnnotationsThatHaveNoPlace) {
  const auto fails = [](const AnnotationValue& annotation, oci::Dialect dialect) {
    AssembleOptions options;
    options.dialect = dialect;
    options.annotations = {annotation};
    EXPECT_THROW(one(options), base::Error) << annotation.key;
  };
  fails({AnnotationLevel::index, "", "index", "v"}, oci::Dialect::oci);
  fails({AnnotationLevel::manifest, "linux/arm64", "platform", "v"}, oci::Dialect::oci);
  fails({AnnotationLevel::manifest_descriptor, "", "docker", "v"}, oci::Dialect::docker);
}

TEST(Assemble, RefusesTwoImagesOfOnePlatformAndNone) {
  EXPECT_THROW(assemble(std::vector{image("linux/arm64"), image("linux/arm64/v8")}, {}), base::Error);
  EXPECT_THROW(assemble({}, {}), base::Error);
}

TEST(Assemble, MakesAnIndexOfOneOnDemand) {
  AssembleOptions options;
  options.shape = Shape::always_index;
  EXPECT_EQ(one(options).root.media_type, oci::kOciIndex);
}

TEST(Metadata, HasBuildxKeysAndTheImageId) {
  const AssembledImage result = one();
  const auto json = image_metadata(result, listed_root(result, 0), {"docker.io/library/a:1", "b"});
  std::vector<std::string> keys;
  for (const auto& member : json.members()) keys.push_back(member.first);
  EXPECT_EQ(keys, (std::vector<std::string>{"containerimage.config.digest", "containerimage.descriptor",
                                            "containerimage.digest", "image.name"}));
  EXPECT_EQ(json["image.name"].as_string(), "docker.io/library/a:1,b");
  EXPECT_EQ(image_id(result), result.config_digest->str());
  const AssembledImage both = assemble(std::vector{image("linux/amd64"), image("linux/arm64")}, {});
  EXPECT_EQ(image_id(both), both.root.digest.str());
  base::TemporaryDirectory dir;
  write_iid_file(dir.path() + "/iid", both);
  EXPECT_EQ(base::read_file(dir.path() + "/iid"), both.root.digest.str());
}

}  // namespace
}  // namespace output
