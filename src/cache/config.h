// SPDX-License-Identifier: Apache-2.0
#pragma once
// The cache config: what a build's records look like outside the store.
//
// The document is BuildKit's "application/vnd.buildkit.cacheconfig.v0": a list of *layers* (blobs that stand on one
// another) and a list of *records*. A record is an op's digest and, for each of its inputs, the records that may stand
// there: the one it was made from, and one that stands for the content it read. A record that has layers can be used
// instead of running the step; one without still links others together (mode=min exports many of these).
//
// Our own members beside BuildKit's: "content": true marks a record that is no step but the digest of what a step
// reads, "common": true one that is there once more under the name BuildKit has for it (llb/buildkit_key.h). BuildKit
// passes over both members. We read such a record under our own name alone, which covers more.
//
// Threads: values. Failure: parse throws invalid_argument for links and layers out of range and for cycles.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "oci/descriptor.h"

namespace cache {

inline constexpr std::string_view kConfigType = "application/vnd.buildkit.cacheconfig.v0";
/// On a layer's descriptor: the digest of its tar, uncompressed.
inline constexpr std::string_view kDiffIdAnnotation = "containerd.io/uncompressed";

struct Layer {
  oci::Descriptor blob;
  base::Digest diff_id;
  std::optional<std::size_t> parent;  ///< the layer it stands on
  base::Nanos created = 0;
  bool operator==(const Layer&) const = default;
};

struct Link {
  std::string selector;
  std::size_t record = 0;
  bool operator==(const Link&) const = default;
};

struct ConfigRecord {
  base::Digest digest;  ///< of the op, or of content
  bool content = false;
  bool common = false;
  std::vector<std::vector<Link>> inputs;  ///< per input: what may stand there
  bool empty_result = false;              ///< it made the empty filesystem
  std::optional<std::size_t> layer;       ///< topmost layer of what it made
  base::Nanos created = 0;
  bool operator==(const ConfigRecord&) const = default;
};

struct Config {
  std::vector<Layer> layers;
  std::vector<ConfigRecord> records;
  bool operator==(const Config&) const = default;

  /// The layers of a chain, bottom first.
  std::vector<std::size_t> chain(std::size_t top) const;
};

/// The document's bytes.
std::string to_text(const Config& config);
/// `blobs` are the layers of the manifest that came with it; a layer whose blob is not among them loses its results,
/// when `blobs` is given.
Config parse(std::string_view text, const std::vector<oci::Descriptor>* blobs = nullptr);

}  // namespace cache
