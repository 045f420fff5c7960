// SPDX-License-Identifier: Apache-2.0
#include "cache/mounts.h"

#include <map>

#include "base/error.h"
#include "oci/media_type.h"

namespace cache {
namespace {

oci::Descriptor describe(std::string_view media_type, const std::string& text) {
  oci::Descriptor descriptor;
  descriptor.media_type = std::string(media_type);
  descriptor.digest = base::sha256(text);
  descriptor.size = text.size();
  return descriptor;
}

}  // namespace

MountsManifest assemble_mounts(const std::vector<ExportedMount>& mounts) {
  MountsManifest manifest;
  std::map<base::Digest, std::int64_t> places;
  base::Json list = base::Json::array();
  base::Json layers = base::Json::array();
  for (const auto& mount : mounts) {
    base::Json chunks = base::Json::array();
    for (const auto& chunk : mount.chunks) {
      const auto [place, is_new] = places.emplace(chunk.digest, static_cast<std::int64_t>(manifest.blobs.size()));
      if (is_new) {
        manifest.blobs.push_back(chunk);
        layers.push(oci::to_json(chunk));
      }
      chunks.push(place->second);
    }
    base::Json entry = base::Json::object();
    entry.set("id", mount.id).set("tar", mount.tar.str()).set("size", mount.size);
    list.push(entry.set("chunks", std::move(chunks)));
  }
  manifest.config_text = base::Json::object().set("mounts", std::move(list)).dump();
  manifest.config = describe(kMountsConfig, manifest.config_text);
  base::Json json = base::Json::object();
  json.set("schemaVersion", 2).set("mediaType", oci::kOciManifest).set("artifactType", kMountsArtifact);
  json.set("config", oci::to_json(manifest.config)).set("layers", std::move(layers));
  manifest.text = json.dump(2);
  manifest.root = describe(oci::kOciManifest, manifest.text);
  return manifest;
}

std::vector<ExportedMount> parse_mounts(std::string_view manifest, std::string_view config) {
  const base::Json json = base::Json::parse(manifest);
  if (json["artifactType"].string_or("") != kMountsArtifact) {
    base::fail(base::Code::invalid_argument, "this is no list of cache mounts");
  }
  std::vector<oci::Descriptor> layers;
  for (const auto& layer : json["layers"].items()) layers.push_back(oci::descriptor_from_json(layer));
  std::vector<ExportedMount> mounts;
  const base::Json listed = base::Json::parse(config);
  for (const auto& entry : listed["mounts"].items()) {
    ExportedMount mount{.id = entry["id"].as_string(),
                        .tar = base::Digest::parse_or_throw(entry["tar"].as_string()),
                        .size = static_cast<std::uint64_t>(entry["size"].as_int()),
                        .chunks = {}};
    for (const auto& place : entry["chunks"].items()) {
      const auto index = place.int_or(-1);
      if (index < 0 || index >= static_cast<std::int64_t>(layers.size())) {
        base::fail(base::Code::invalid_argument, "cache mount {}: chunk {} of {}", mount.id, index, layers.size());
      }
      mount.chunks.push_back(layers[static_cast<std::size_t>(index)]);
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::string mounts_tag(const std::string& tag) { return tag + "-mounts"; }

}  // namespace cache
