// SPDX-License-Identifier: Apache-2.0
#include "cli/stored_image.h"

#include "base/error.h"
#include "oci/media_type.h"

namespace cli {

output::AssembledImage assembled(const images::Image& image, House& house) {
  output::AssembledImage result;
  result.root = image.root;
  if (oci::is_manifest_type(image.root.media_type)) {
    result.config_digest = house.images().details(image).documents.manifest.config.digest;
  }
  for (const auto& digest : house.images().blobs_of(image)) {
    const auto info = house.store().content().find(digest);
    if (!info) {
      base::fail(base::Code::not_found, "blob {} of {} is not in the store; pull or build the image again",
                 digest.str(), image.name);
    }
  }
  house.images().collect_documents(
      image,
      [&](const oci::Descriptor& document, const std::string& bytes) { result.documents.push_back({document, bytes}); },
      [&](const oci::Descriptor& layer) { result.layers.push_back(layer); });
  return result;
}

output::MountSources pulled_blobs(const oci::Reference& target, House& house) {
  output::MountSources sources;
  for (const auto& image : house.images().list()) {
    if (image.origin != images::Origin::pulled) continue;
    const auto reference = oci::Reference::parse_if_valid(image.name);
    if (!reference || reference->domain != target.domain || reference->path == target.path) continue;
    for (const auto& digest : house.images().blobs_of(image)) sources.emplace(digest, reference->path);
  }
  return sources;
}

}  // namespace cli
