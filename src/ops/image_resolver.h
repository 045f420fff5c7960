// SPDX-License-Identifier: Apache-2.0
#pragma once
// From an image name to the documents of one platform's image, asked once per build.
//
//     auto base = images.resolve({.identifier = "docker-image://docker.io/library/alpine:3.20"}, stop);
//     base->image.config.raw, base->image.manifest.layers, base->source->fetch_blob(…)
//
// Order for a name: images that were made here; the registry (one HEAD per name and build); where the
// registry cannot be reached, what the name was when it was last asked, with a warning. With a
// digest nothing is asked at all once the manifest is in the store. Manifests and configs are kept
// in the content store, so that only the HEAD is left of a second build.
//
// Threads: any; a name asked twice at once is asked of the registry once or twice, with one answer.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/sync.h"
#include "oci/image_source.h"
#include "oci/reference.h"
#include "oci/registry.h"
#include "ops/image_admission.h"
#include "ops/local_source.h"
#include "store/content_store.h"

namespace ops {

/// The names this store knows, as the resolver needs them; the CLI implements it over `images`.
class KnownImages {
 public:
  virtual ~KnownImages() = default;
  /// An image that was built, imported or loaded here under this (full) name.
  virtual std::optional<oci::Descriptor> made_here(const std::string& name) = 0;
  /// What a registry last said the name was.
  virtual std::optional<oci::Descriptor> last_seen(const std::string& name) = 0;
  virtual void remember(const std::string& name, const oci::Descriptor& root) = 0;
};

enum class PullPolicy : std::uint8_t { automatic, always, never };

struct ImageRequest {
  std::string identifier;  ///< "docker-image://REF" or "oci-layout://STORE[:TAG][@DIGEST]"
  std::optional<oci::Platform> platform;
  PullPolicy pull = PullPolicy::automatic;
  std::string store_id;  ///< of an OCI layout; "" = taken from the identifier
};

struct ResolvedBase {
  oci::ResolvedImage image;
  std::shared_ptr<oci::ImageSource> source;  ///< where its blobs come from
  std::string name;                          ///< for people and for the resolver's memory
  bool made_here = false;                    ///< built, imported or loaded on this machine
};

/// Holds an image to the digest that a source policy wants its name to stand for; "" is none. Throws
/// failed_precondition when it is another, invalid_argument when `wanted` is no digest.
void require_checksum(const ResolvedBase& base, const std::string& wanted);

class ImageResolver {
 public:
  struct Parts {
    store::ContentStore& content;
    oci::Registry& registry;
    KnownImages& known;
    const LocalSources& locals;
    std::function<void(const std::string&)> warn;
    PullPolicy pull = PullPolicy::automatic;  ///< never: offline
    ImageAdmission* admission = nullptr;      ///< nullptr: every image may be used
  };
  explicit ImageResolver(Parts parts) : parts_(std::move(parts)) {}

  /// Throws not_found (no such image or platform), unavailable, data_loss …
  std::shared_ptr<const ResolvedBase> resolve(const ImageRequest& request, const std::stop_token& stop);

 private:
  std::shared_ptr<const ResolvedBase> resolve_now(const ImageRequest& request, const std::stop_token& stop);
  std::shared_ptr<const ResolvedBase> resolve_layout(const ImageRequest& request, const std::stop_token& stop);
  std::shared_ptr<const ResolvedBase> resolve_name(const ImageRequest& request, const std::stop_token& stop);
  /// An image with a digest that is the one made here under its name.
  bool is_made_here(oci::Reference reference);
  struct Answer {
    oci::Descriptor root;
    bool from_registry = false;
  };
  /// What a name stands for in this build: the first answer, for every platform and for policies too.
  struct Root {
    std::shared_ptr<oci::ImageSource> source;
    Answer answer;
    bool made_here = false;
  };
  Root root_of(const oci::Reference& reference, bool always, const std::stop_token& stop);
  Root find_root(const oci::Reference& reference, bool always, const std::stop_token& stop);
  Answer ask_registry(const oci::Reference& reference, oci::ImageSource& source, const std::stop_token& stop);
  std::shared_ptr<ResolvedBase> finish(std::shared_ptr<oci::ImageSource> source, const oci::Descriptor& root,
                                       const ImageRequest& request, std::string name, const std::stop_token& stop);

  Parts parts_;
  base::Sync<std::map<std::string, std::shared_ptr<const ResolvedBase>>> resolved_;
  base::Sync<std::map<std::string, Root>> roots_;
};

}  // namespace ops
