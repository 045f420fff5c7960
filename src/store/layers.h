// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tables about layers: which directories below snapshots/ are committed, which blobs hold their
// tars, and where a blob can be fetched from that is not here yet.
//
// A layer directory counts only while its row exists; find() leases it to this process (leases.h).
// Threads: any. Failure: base::Error.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/time.h"

namespace store {

class Leases;
class MetaDatabase;

struct StoredLayer {
  std::string id;
  std::optional<base::Digest> diff_id;  ///< known for pulled layers
  std::uint64_t size = 0;               ///< bytes of file content in the directory
  base::Nanos created = 0;              ///< 0 when inserting: now

  bool operator==(const StoredLayer&) const = default;
};

/// Which tar of a layer: a hash of the chain below it, and the encoder with its settings.
struct LayerBlobKey {
  std::string layer;
  std::string below;
  std::string encoding;

  bool operator==(const LayerBlobKey&) const = default;
};

struct StoredLayerBlob {
  base::Digest digest;
  std::uint64_t size = 0;
  base::Digest diff_id;
  std::uint64_t uncompressed_size = 0;
  std::string media_type;

  bool operator==(const StoredLayerBlob&) const = default;
};

class LayerTable {
 public:
  LayerTable(MetaDatabase& meta, Leases& leases, const base::Clock& clock)
      : meta_(meta), leases_(leases), clock_(clock) {}

  std::optional<StoredLayer> find(std::string_view id);
  /// Afterwards the layer is recorded (and leased); an existing record stays as it is.
  void insert(const StoredLayer& layer);
  /// Afterwards neither the layer nor a blob of it is recorded.
  void erase(std::string_view id);
  std::vector<StoredLayer> list();

  std::optional<StoredLayerBlob> find_blob(const LayerBlobKey& key);
  /// The newest blob of a layer over `below`, whatever its encoding.
  std::optional<StoredLayerBlob> any_blob(std::string_view layer, std::string_view below);
  void put_blob(const LayerBlobKey& key, const StoredLayerBlob& blob);
  /// Every recorded blob of every layer.
  std::vector<std::pair<LayerBlobKey, StoredLayerBlob>> list_blobs();

 private:
  MetaDatabase& meta_;
  Leases& leases_;
  const base::Clock& clock_;
};

/// A place a blob can be fetched from: a registry's repository or an OCI layout directory.
struct BlobSource {
  enum class Kind : std::uint8_t { registry, layout };
  Kind kind = Kind::registry;
  std::string location;  ///< normalised repository name, or absolute path
  std::string media_type;
  std::uint64_t size = 0;

  bool operator==(const BlobSource&) const = default;
};

class BlobSourceTable {
 public:
  BlobSourceTable(MetaDatabase& meta, const base::Clock& clock) : meta_(meta), clock_(clock) {}

  /// Newest first.
  std::vector<BlobSource> find(const base::Digest& digest);
  void add(const base::Digest& digest, const BlobSource& source);
  /// For a source that turned out not to have it.
  void remove(const base::Digest& digest, const BlobSource& source);

 private:
  MetaDatabase& meta_;
  const base::Clock& clock_;
};

}  // namespace store
