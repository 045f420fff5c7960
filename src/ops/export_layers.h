// SPDX-License-Identifier: Apache-2.0
#pragma once
// The layers of a chain as blobs of the content store, made where they are missing.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "layer/compress.h"
#include "ops/services.h"
#include "snapshot/snapshotter.h"

namespace ops {

struct ExportOptions {
  layer::Compression compression = layer::Compression::gzip;
  int level = layer::kDefaultLevel;
  /// keep: a pulled layer goes out as it came in. convert: every blob has the compression asked for.
  enum class Existing : std::uint8_t { keep, convert } existing = Existing::keep;
  std::optional<std::int64_t> clamp_mtime;  ///< seconds; for layers made here only
  /// How many neighbouring layers go into each blob, bottom first; empty: every layer for itself.
  std::vector<std::size_t> groups;
};

struct ExportedLayer {
  snapshot::LayerBlob blob;
  base::Nanos created = 0;  ///< of the topmost layer in it
  std::size_t members = 1;
  /// Of an eStargz blob that was made here: the digest of its table of contents.
  std::optional<base::Digest> toc;
};

/// What a runtime needs to know of the layer before it reads any of it: the annotations of eStargz.
std::map<std::string, std::string> layer_annotations(const ExportedLayer& layer);

/// One blob per layer or group of layers, bottom first. They are made side by side.
std::vector<ExportedLayer> export_layers(const snapshot::Chain& chain, const ExportOptions& options,
                                         const Services& services, const std::stop_token& stop);

}  // namespace ops
