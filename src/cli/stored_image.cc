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

}  // namespace cli
