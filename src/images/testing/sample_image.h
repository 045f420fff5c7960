// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small images in a store, for tests.
#include <string>
#include <vector>

#include "oci/descriptor.h"
#include "store/store.h"

namespace images::testing {

/// Stores a manifest with one layer blob per text and a config for `platform`; returns its descriptor.
oci::Descriptor put_image(store::ContentStore& content, const std::vector<std::string>& layers,
                          const std::string& architecture = "amd64");
/// Stores an index of manifests.
oci::Descriptor put_index(store::ContentStore& content, const std::vector<oci::Descriptor>& manifests);

}  // namespace images::testing
