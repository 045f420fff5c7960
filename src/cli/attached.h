// SPDX-License-Identifier: Apache-2.0
#pragma once
// Statements that are attached to an image in a registry: in its index (as BuildKit stores them) or as referrers of its
// manifest.
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "attest/sbom.h"
#include "oci/image_source.h"
#include "oci/reference.h"
#include "oci/registry.h"

namespace cli {

/// In-toto statements as text, of every platform, or of the one whose manifest is named. At most a hundred. What cannot
/// be read throws; nothing of it is verified.
std::vector<std::string> attached_statements(oci::Repository& repository, const oci::Descriptor& root,
                                             const std::optional<base::Digest>& manifest, const std::stop_token& stop);

/// The packages that an SBOM among the statements lists (SPDX or CycloneDX); nothing when there is none.
std::optional<attest::Components> billed_components(const std::vector<std::string>& statements);

}  // namespace cli
