// SPDX-License-Identifier: Apache-2.0
#pragma once
// Media types of image documents and layers, in the OCI and the Docker dialect.
//
// Both dialects describe the same things; a manifest uses one of them throughout. `convert_layer_type`
// moves a layer's type between the two, as an exporter with oci-mediatypes=false needs it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oci {

inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

/// How the bytes of a layer blob are packed, as its media type claims.
enum class LayerCompression : std::uint8_t { none, gzip, zstd };

enum class Dialect : std::uint8_t { oci, docker };

bool is_index_type(std::string_view media_type);
bool is_manifest_type(std::string_view media_type);
bool is_config_type(std::string_view media_type);
/// Any layer type of either dialect, non-distributable ones included.
bool is_layer_type(std::string_view media_type);

/// Nothing for types that are no layer, or are packed in a way unknown here.
std::optional<LayerCompression> layer_compression(std::string_view media_type);

std::string_view index_type(Dialect dialect);
std::string_view manifest_type(Dialect dialect);
std::string_view config_type(Dialect dialect);
/// Docker has no zstd layers of its own; ".zstd" is written as BuildKit does.
std::string layer_type(Dialect dialect, LayerCompression compression);

/// The same layer type in the other dialect; types that are no layer come back unchanged.
std::string convert_layer_type(Dialect dialect, std::string_view media_type);

/// The Accept header's value for manifests and indexes of either dialect.
std::string manifest_accept();

}  // namespace oci
