// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache mounts on their way between machines: what --cache-to …,mounts=ID writes beside the cache's manifest.
//
// An OCI artifact (docs/formats/cache-mounts.md): its config lists the mounts, each a tar in chunks (chunks.h), its
// layers are the chunks, zstd-compressed, each once. Failure: invalid_argument for documents that are none.
#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "oci/descriptor.h"

namespace cache {

inline constexpr std::string_view kMountsArtifact = "application/vnd.slipway.cache-mounts.v1";
inline constexpr std::string_view kMountsConfig = "application/vnd.slipway.cache-mounts.config.v1+json";
inline constexpr std::string_view kChunkType = "application/vnd.slipway.cache-chunk.v1+zstd";

struct ExportedMount {
  std::string id;
  base::Digest tar;  ///< of the whole tar
  std::uint64_t size = 0;
  std::vector<oci::Descriptor> chunks;  ///< in order; the same one may come again
};

struct MountsManifest {
  oci::Descriptor root;
  std::string text;
  oci::Descriptor config;
  std::string config_text;
  std::vector<oci::Descriptor> blobs;  ///< the chunks, each once
};

MountsManifest assemble_mounts(const std::vector<ExportedMount>& mounts);
/// Of a manifest's text and its config's.
std::vector<ExportedMount> parse_mounts(std::string_view manifest, std::string_view config);

/// The name beside the cache's own.
std::string mounts_tag(const std::string& tag);

}  // namespace cache
