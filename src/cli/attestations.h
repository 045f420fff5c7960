// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is stated about the images of a build: provenance from its graph and sources, an SBOM from its filesystem.
#include <stop_token>
#include <vector>

#include "attest/options.h"
#include "cli/build_session.h"
#include "cli/export.h"

namespace cli {

/// Names of the steps that made the chain's layers, "" for those of the base image.
std::vector<std::string> steps_of(const BuiltImage& built);

/// The components of one image (build(), with keep_stages() or keep_scan_trees()).
attest::Components components_of(const BuiltImage& built, BuildSession& session, const std::stop_token& stop);

/// Fills in the images' attestations. `started` is the time the build began.
void attest_images(const attest::Wanted& wanted, const BuildOptions& options, BuildSession& session,
                   base::Nanos started, std::vector<BuiltImage>& images, const std::stop_token& stop);

}  // namespace cli
