// SPDX-License-Identifier: Apache-2.0
#include "oci/media_type.h"

#include <array>
#include <utility>

namespace oci {
namespace {

constexpr std::string_view kOciNondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";
constexpr std::string_view kDockerForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar";

struct LayerBase {
  std::string_view oci;
  std::string_view docker;
};
constexpr std::array<LayerBase, 2> kLayerBases = {
    LayerBase{kOciLayer, kDockerLayer},
    LayerBase{kOciNondistributable, kDockerForeign},
};

struct ParsedLayer {
  const LayerBase* base;
  std::string_view suffix;  ///< "gzip", "zstd" or ""
};

std::optional<ParsedLayer> parse_layer(std::string_view type) {
  for (const LayerBase& base : kLayerBases) {
    for (const auto& [stem, separator] : {std::pair{base.oci, '+'}, std::pair{base.docker, '.'}}) {
      if (!type.starts_with(stem)) continue;
      const std::string_view rest = type.substr(stem.size());
      if (rest.empty()) return ParsedLayer{&base, {}};
      // Both separators occur in the wild for either dialect.
      if (rest[0] == separator || rest[0] == '+' || rest[0] == '.') return ParsedLayer{&base, rest.substr(1)};
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_index_type(std::string_view media_type) { return media_type == kOciIndex || media_type == kDockerIndex; }

bool is_manifest_type(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}

bool is_config_type(std::string_view media_type) { return media_type == kOciConfig || media_type == kDockerConfig; }

bool is_layer_type(std::string_view media_type) { return parse_layer(media_type).has_value(); }

std::optional<LayerCompression> layer_compression(std::string_view media_type) {
  const auto layer = parse_layer(media_type);
  if (!layer) return std::nullopt;
  if (layer->suffix.empty()) return LayerCompression::none;
  if (layer->suffix == "gzip") return LayerCompression::gzip;
  if (layer->suffix == "zstd") return LayerCompression::zstd;
  return std::nullopt;
}

std::string_view index_type(Dialect dialect) { return dialect == Dialect::oci ? kOciIndex : kDockerIndex; }
std::string_view manifest_type(Dialect dialect) { return dialect == Dialect::oci ? kOciManifest : kDockerManifest; }
std::string_view config_type(Dialect dialect) { return dialect == Dialect::oci ? kOciConfig : kDockerConfig; }

std::string layer_type(Dialect dialect, LayerCompression compression) {
  std::string type(dialect == Dialect::oci ? kOciLayer : kDockerLayer);
  if (compression == LayerCompression::none) return type;
  type += dialect == Dialect::oci ? '+' : '.';
  type += compression == LayerCompression::gzip ? "gzip" : "zstd";
  return type;
}

std::string convert_layer_type(Dialect dialect, std::string_view media_type) {
  const auto layer = parse_layer(media_type);
  if (!layer) return std::string(media_type);
  std::string type(dialect == Dialect::oci ? layer->base->oci : layer->base->docker);
  if (layer->suffix.empty()) return type;
  type += dialect == Dialect::oci ? '+' : '.';
  type += layer->suffix;
  return type;
}

std::string manifest_accept() {
  std::string value;
  for (const std::string_view type : {kDockerManifest, kDockerIndex, kOciManifest, kOciIndex}) {
    value += type;
    value += ", ";
  }
  return value + "*/*";
}

}  // namespace oci
