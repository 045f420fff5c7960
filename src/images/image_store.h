// SPDX-License-Identifier: Apache-2.0
#pragma once
// The image store: names for images whose blobs lie in the content store.
//
// A name is a full reference ("docker.io/local/app:latest"); it points to a *root*, a manifest or an
// index. Images made here (built, imported, loaded) resolve by name without asking any registry; for
// pulled ones the name is a memory of what the registry last said.
//
//     images.put({.name = "docker.io/local/app:latest", .root = descriptor, .origin = Origin::built});
//     images.find("docker.io/local/app:latest")->root
//
// Names are kept apart from what may be lost, and every change is synced before it returns.
// Threads: any. Failure: base::Error.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "oci/image.h"
#include "oci/image_source.h"
#include "store/store.h"

namespace images {

enum class Origin : std::uint8_t { built, imported, loaded, pulled };
std::string_view origin_name(Origin origin);

struct Image {
  std::string name;
  oci::Descriptor root;
  Origin origin = Origin::built;
  base::Nanos created = 0;  ///< when the name was set
};

/// An image with its documents, for lists and inspection.
struct ImageDetails {
  Image image;
  oci::ResolvedImage documents;
  std::uint64_t size = 0;  ///< of config and layer blobs
};

class ImageStore {
 public:
  explicit ImageStore(store::Store& store) : store_(store) {}

  std::optional<Image> find(const std::string& name) const;
  /// By name as people write it, or by the first digits (four at least) of the root's or the config's
  /// digest. Of several names for one image the first.
  /// Throws not_found, or invalid_argument when several images match.
  Image get(const std::string& text) const;
  /// Sorted by name. Leaves out pulled names whose documents are not here: such a name is only a memory
  /// of what a registry once said.
  std::vector<Image> list() const;
  /// Afterwards the name points to the root, and both survive a crash of the machine. Throws not_found
  /// when the root's blob is not in the content store, unless the name is only remembered (pulled).
  void put(const Image& image);
  /// Afterwards there is no such name; false when there was none.
  bool remove(const std::string& name);

  /// The documents of an image for this machine's platform (or the only one it has).
  ImageDetails details(const Image& image) const;
  /// Calls `document` for every index, manifest and config (with its bytes), `layer` for every layer.
  void collect_documents(const Image& image,
                         const std::function<void(const oci::Descriptor&, const std::string&)>& document,
                         const std::function<void(const oci::Descriptor&)>& layer) const;
  /// Every blob that an image needs, documents included. Missing documents are left out.
  std::vector<base::Digest> blobs_of(const Image& image) const;

 private:
  bool is_here(const Image& image) const;
  bool is_id(const Image& image, std::string_view digits) const;
  store::Store& store_;
};

}  // namespace images
