// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where images come from: a repository of a registry, or an OCI layout directory. Both look alike.
//
//     auto repository = registry.repository(oci::Reference::parse("alpine"));
//     auto root = repository->resolve("3.20", stop);                       // one HEAD
//     auto image = oci::resolve_image(*repository, root, matcher, stop);   // index → manifest → config
//     oci::fetch_layers(*repository, image.manifest.layers, content, {.progress = …}, stop);
//
// Words: *root* = the descriptor a name points to (index or manifest).
// Threads: a source may be used from several threads at once.
// Failure: base::Error; not_found for unknown names and blobs, data_loss for bytes that are not what
// the descriptor says, unauthenticated/permission_denied, unavailable. Nothing wrong is ever committed.
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "oci/image.h"
#include "store/content_store.h"

namespace oci {

/// Called now and then from the fetching thread with bytes so far and in total.
using FetchProgress = std::function<void(std::uint64_t current, std::uint64_t total)>;

class ImageSource {
 public:
  virtual ~ImageSource() = default;

  /// What `reference` (a tag, or a digest as text) names at this moment.
  virtual Descriptor resolve(std::string_view reference, const std::stop_token& stop) = 0;

  /// Bytes of a manifest, index or config, verified against the descriptor.
  virtual std::string fetch_manifest(const Descriptor& descriptor, const std::stop_token& stop) = 0;
  virtual std::string fetch_config(const Descriptor& descriptor, const std::stop_token& stop) = 0;

  /// Afterwards the blob is in `content`, verified; returns at once when it was there already.
  virtual void fetch_blob(const Descriptor& descriptor, store::ContentStore& content, const FetchProgress& progress,
                          const std::stop_token& stop) = 0;

  /// For error texts: "docker.io/library/alpine", "oci-layout at /x".
  virtual std::string describe() const = 0;
};

/// One platform's image, its documents read and verified.
struct ResolvedImage {
  Descriptor root;
  Descriptor manifest_descriptor;
  Manifest manifest;
  ImageConfig config;
};

/// Follows an index (or indexes in it, four deep at most) to the manifest for a platform and reads
/// its config. A root that is a manifest is taken as it is, whatever its platform.
/// Throws not_found with the platforms on offer when none matches.
ResolvedImage resolve_image(ImageSource& source, const Descriptor& root, const PlatformMatcher& matcher,
                            const std::stop_token& stop);

struct FetchOptions {
  std::size_t parallel = 3;
  /// Called from the fetching threads with the blob's descriptor, bytes so far and in total.
  std::function<void(const Descriptor&, std::uint64_t current, std::uint64_t total)> progress;
};

/// Fetches blobs side by side; the first failure stops the others and is thrown.
void fetch_layers(ImageSource& source, std::span<const Descriptor> blobs, store::ContentStore& content,
                  const FetchOptions& options, const std::stop_token& stop);

}  // namespace oci
