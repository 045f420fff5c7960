// SPDX-License-Identifier: Apache-2.0
#pragma once
// An image of the store as exporters take it.
#include "cli/house.h"
#include "images/image_store.h"
#include "oci/reference.h"
#include "output/assemble.h"
#include "output/push.h"

namespace cli {

/// Everything below the image's root that is in the store. Throws not_found when a blob of it is missing.
output::AssembledImage assembled(const images::Image& image, House& house);

/// Where in the registry of a reference blobs are that images were pulled with: in other repositories than its own.
output::MountSources pulled_blobs(const oci::Reference& target, House& house);

}  // namespace cli
