// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a build says about its result: --metadata-file and --iidfile.
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "output/assemble.h"

namespace output {

/// containerimage.digest, .config.digest (one manifest), .descriptor, image.name (when named), keys
/// sorted. `listed` is the root as the exporter listed it (see listed_root).
base::Json image_metadata(const AssembledImage& image, const oci::Descriptor& listed,
                          const std::vector<std::string>& full_names);

/// Writes the file as buildx does (two spaces of indent), atomically.
void write_metadata_file(const std::string& path, const base::Json& metadata);

/// The config's digest for one platform, the index's for several.
std::string image_id(const AssembledImage& image);
void write_iid_file(const std::string& path, const AssembledImage& image);

}  // namespace output
