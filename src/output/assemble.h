// SPDX-License-Identifier: Apache-2.0
#pragma once
// From layers and a config to manifests and, for several platforms, an index: bytes as BuildKit's.
//
//     output::ImageToExport image{.config = config_bytes, .layers = blobs, …};
//     output::AssembledImage result = output::assemble({image}, {.dialect = oci::Dialect::oci});
//     output::write_oci_archive(result, names, content, sink, stop);
//
// Nothing is read or written here: layers are named by digest, documents come back as bytes.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/statement.h"
#include "base/time.h"
#include "oci/descriptor.h"
#include "oci/media_type.h"
#include "output/spec.h"

namespace output {

/// One layer, its bytes in the content store.
struct LayerBlob {
  base::Digest digest;
  std::uint64_t size = 0;
  base::Digest diff_id;
  std::string media_type;  ///< of either dialect; converted as needed
  std::optional<base::Nanos> created;
  std::string description;
  oci::Annotations annotations;  ///< kept in the manifest (OCI dialect only)
  std::size_t members = 1;       ///< how many layers were joined in it
};

/// One platform's image before its documents exist.
struct ImageToExport {
  std::string config;       ///< from the frontend, with its history; diff ids are filled in here
  std::string base_config;  ///< of the base image; "" for none
  std::vector<LayerBlob> layers;
  oci::Platform platform;
  std::string platform_id;  ///< as in --platform, for per-platform annotations; "" = format_platform(platform)
  std::optional<base::Nanos> epoch;
  std::string inline_cache;
  std::vector<attest::Attestation> attestations;
};

/// One index per build, or one manifest.
enum class Shape : std::uint8_t { single_when_possible, always_index };

/// Layers that say they must not be handed on (foreign, non-distributable): by default they are passed on
/// as ordinary ones, since their bytes are here.
enum class ForeignLayers : std::uint8_t { convert, keep };

struct AssembleOptions {
  oci::Dialect dialect = oci::Dialect::oci;
  Shape shape = Shape::single_when_possible;
  ForeignLayers foreign = ForeignLayers::convert;
  std::vector<AnnotationValue> annotations;
  std::optional<base::Nanos> epoch;  ///< overrides the images' own
  std::vector<std::string> names;    ///< of the image: subjects of its attestations
  bool attestation_artifact = true;  ///< attestation manifests are OCI artifacts with a subject
  /// in_index: beside the images in an index. as_referrers: apart from them, so that one image stays one manifest.
  enum class Attestations : std::uint8_t { in_index, as_referrers } attestations = Attestations::in_index;
};

/// A small document with its descriptor.
struct Document {
  oci::Descriptor descriptor;
  std::string bytes;
};

struct AssembledImage {
  oci::Descriptor root;                       ///< with annotations for descriptors and, for one manifest, its platform
  std::optional<base::Digest> config_digest;  ///< when the root is a manifest
  std::vector<Document> documents;            ///< configs, manifests, index; no duplicates
  std::vector<oci::Descriptor> layers;        ///< blobs in the content store; no duplicates
  std::vector<oci::Descriptor> referrers;     ///< manifests among the documents that no index names, only their subject
  /// Bytes of a document; throws not_found.
  const std::string& bytes(const base::Digest& digest) const;
};

/// Attestations of an image make the root an index, in which a manifest of the platform "unknown/unknown" with the
/// statements as layers stands for each image's (BuildKit's docs/attestations/attestation-storage.md).
/// Throws invalid_argument for annotations that have no place in the result, for two images of one
/// platform, and for zstd layers in Docker's dialect.
AssembledImage assemble(std::span<const ImageToExport> images, const AssembleOptions& options);

/// Go's MarshalIndent of a manifest and of an index, as BuildKit lays them out.
std::string manifest_bytes(std::string_view media_type, const oci::Descriptor& config,
                           const std::vector<oci::Descriptor>& layers, const oci::Annotations& annotations);
std::string index_bytes(std::string_view media_type, const std::vector<oci::Descriptor>& manifests,
                        const oci::Annotations& annotations);

}  // namespace output
