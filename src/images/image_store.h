// SPDX-License-Identifier: Apache-2.0
#pragma once
// Images: names for what the store can run, push or save.
//
// An image is a *name* (normalised, e.g. "docker.io/library/app:latest") that points to a *target*:
// the descriptor of a manifest, or of an index of manifests. The documents and layers themselves are
// ordinary blobs in the content store; the name keeps them from gc. A name is durable: once put()
// returns, it and its blobs survive a crash of the machine.
//
//     images.put("docker.io/library/app:latest", manifest_descriptor);
//     auto image = images.resolve("docker.io/library/app:latest");      // or an id, or a prefix of one
//     for (auto& variant : images.variants(image->target)) show(variant.platform, variant.config.created);
//
// Words: *target* as above; *variant* = the manifest for one platform; *id* of a variant = digest of its
// config. Parsing what a user typed into a normalised name is oci/reference.h's part.
// Blobs may be absent (an image pulled lazily): a variant then says so, nothing fails.
// Threads: any. Failure: base::Error; a damaged names.db is data_loss with a hint.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "oci/descriptor.h"
#include "oci/image.h"
#include "store/store.h"

namespace images {

struct Image {
  std::string name;
  oci::Descriptor target;
  base::Nanos updated = 0;  ///< when the name last moved

  bool operator==(const Image&) const = default;
};

/// One platform's manifest of an image.
struct Variant {
  oci::Descriptor descriptor;              ///< of the manifest
  std::optional<oci::Manifest> manifest;   ///< nothing when its blob is not in the store
  std::optional<oci::ImageConfig> config;  ///< the same
  std::uint64_t size = 0;                  ///< manifest, config and layers as stored (compressed)
  std::size_t missing = 0;                 ///< how many of these blobs are not in the store
  bool attestation = false;                ///< an index entry that describes another one

  /// Digest of the config, empty when unknown.
  base::Digest id() const { return manifest ? manifest->config.digest : base::Digest(); }
};

/// A line of `slipway history`, newest first.
struct HistoryLine {
  std::string created;
  std::string created_by;
  std::string comment;
  base::Digest layer;      ///< empty for an instruction without a layer
  std::uint64_t size = 0;  ///< of the layer as stored
};

/// What names keep alive.
struct Pins {
  std::set<base::Digest> blobs;
  std::set<std::string> layers;  ///< ids of the layers' directories
};

class ImageStore {
 public:
  /// `store` outlives this.
  explicit ImageStore(store::Store& store, const base::Clock& clock = base::system_clock());

  /// Afterwards the name points to the target, durably. Throws not_found when the target's blob
  /// is not in the store.
  void put(std::string_view name, const oci::Descriptor& target);
  /// put() of several names at once: all or none.
  void put_all(const std::vector<std::string>& names, const oci::Descriptor& target);
  /// One more name for what `source` (anything resolve() takes) points to; throws not_found.
  void tag(std::string_view source, std::string_view name);
  /// Afterwards there is no such name; returns whether there was one. Its blobs stay until gc.
  bool untag(std::string_view name);
  /// `rmi`: removes a name, or all names of an id when `reference` is one (failed_precondition if
  /// there are several of different spelling and `many` is refuse). Returns the removed names; throws not_found.
  enum class Many : std::uint8_t { refuse, remove };
  std::vector<std::string> remove(std::string_view reference, Many many = Many::refuse);

  std::optional<Image> find(std::string_view name) const;
  /// By name, digest of target or manifest, id, or a hex prefix of one of these that is unique (at least 4
  /// digits, with or without "sha256:"). Throws invalid_argument for a prefix of several images.
  std::optional<Image> resolve(std::string_view reference) const;
  /// All, sorted by name.
  std::vector<Image> list() const;

  /// What is behind a target: one for a manifest; for an index all in its order.
  std::vector<Variant> variants(const oci::Descriptor& target) const;
  /// The variant for a platform; nothing when none fits or its documents are not here.
  std::optional<Variant> variant(const oci::Descriptor& target, const oci::PlatformMatcher& matcher) const;

  /// Blobs and layer directories that all names need. What is only partly here is pinned all the same.
  Pins pins() const;

 private:
  store::Store& store_;
  const base::Clock& clock_;
};

/// The history of a variant from its config, matched with its layers; throws not_found without a config.
std::vector<HistoryLine> history(const Variant& variant);

/// `docker inspect`-like description of an image, one object per variant.
base::Json inspect(const Image& image, const std::vector<Variant>& variants);

}  // namespace images
