// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is recorded about layers: which directories are committed, and which blobs hold their tars.
//
// A layer directory counts only if its record exists; everything else below snapshots/ is garbage.
// A blob belongs to a layer *over what lies below it*: the tar of one directory differs with the
// chain (a whiteout of something that is not there is not written), and with the encoder.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"

namespace snapshot {

/// Name of a layer: "sha256-<diff id>" for pulled ones, a random name for steps.
using LayerId = std::string;
/// Layers of a snapshot, bottom first. Empty: an empty root (FROM scratch).
using Chain = std::vector<LayerId>;

/// The id of a pulled layer, equal for all images that have it.
LayerId layer_id_of(const base::Digest& diff_id);

struct LayerInfo {
  std::optional<base::Digest> diff_id;  ///< known for pulled layers
  std::uint64_t size = 0;               ///< bytes on the disk; 0: not measured yet
  std::int64_t created = 0;             ///< nanoseconds since 1970; 0: now

  bool operator==(const LayerInfo&) const = default;
};

/// Which tar of a layer: the chain below it and how it was encoded.
struct BlobKey {
  LayerId layer;
  std::string below;     ///< chain_key() of the layers below
  std::string encoding;  ///< layer::encoder_name(), with ";clamp=SECONDS" where times were clamped

  bool operator==(const BlobKey&) const = default;
};

struct LayerBlob {
  base::Digest digest;
  std::uint64_t size = 0;
  base::Digest diff_id;
  std::uint64_t uncompressed_size = 0;  ///< 0: not known, of a pulled one
  std::string media_type;

  bool operator==(const LayerBlob&) const = default;
};

/// One short text that names a chain: the hex of a hash over its ids.
std::string chain_key(const Chain& chain);

/// The table. Threads: any. Failure: base::Error.
class LayerRecords {
 public:
  virtual ~LayerRecords() = default;
  virtual std::optional<LayerInfo> find(const LayerId& id) const = 0;
  /// Afterwards the layer is recorded; an existing record stays as it is.
  virtual void insert(const LayerId& id, const LayerInfo& info) = 0;
  /// Afterwards neither the layer nor blobs of it are recorded.
  virtual void erase(const LayerId& id) = 0;
  virtual std::vector<LayerId> list() const = 0;
  virtual void set_size(const LayerId& id, std::uint64_t size) = 0;

  virtual std::optional<LayerBlob> find_blob(const BlobKey& key) const = 0;
  /// The newest blob of a layer over `below`, whatever its encoding.
  virtual std::optional<LayerBlob> any_blob(const LayerId& layer, const std::string& below) const = 0;
  virtual void put_blob(const BlobKey& key, const LayerBlob& blob) = 0;
};

}  // namespace snapshot
