// SPDX-License-Identifier: Apache-2.0
#pragma once
// Descriptors: the typed, sized, digest-named links between image documents.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "oci/platform.h"

namespace oci {

inline constexpr std::string_view kAnnotationRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kAnnotationImageName = "io.containerd.image.name";
inline constexpr std::string_view kAnnotationCreated = "org.opencontainers.image.created";

/// Documents (manifests, indexes, configs) beyond this are refused unread.
inline constexpr std::uint64_t kMaxDocumentSize = 16U << 20;
/// The largest blob a descriptor may claim; a larger number is a lie or a mistake.
inline constexpr std::uint64_t kMaxBlobSize = std::uint64_t{1} << 42;

using Annotations = std::map<std::string, std::string>;

struct Descriptor {
  std::string media_type;
  base::Digest digest;
  std::uint64_t size = 0;
  std::vector<std::string> urls;
  Annotations annotations;
  std::string data;  ///< base64 as in the document; "" when absent
  std::optional<Platform> platform;
  std::string artifact_type;
  bool operator==(const Descriptor&) const = default;
};

/// Members in the order of the specification's Go type, empty ones left out.
base::Json to_json(const Descriptor& descriptor);

/// Reads one descriptor; throws invalid_argument for wrong types, bad digests, negative or absurd sizes.
Descriptor descriptor_from_json(const base::Json& json);

/// Throws data_loss unless `bytes` has exactly the descriptor's size and digest.
void verify(const Descriptor& descriptor, std::string_view bytes);

}  // namespace oci
