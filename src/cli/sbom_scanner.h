// SPDX-License-Identifier: Apache-2.0
#pragma once
// Somebody's own scanner for the SBOM: an image that is run as BuildKit runs it (its
// docs/attestations/sbom-protocol.md).
//
// The scanner sees the image's files, read-only, below BUILDKIT_SCAN_SOURCE (/run/src/core/sbom) and writes in-toto
// statements without subjects to BUILDKIT_SCAN_DESTINATION (/run/out). What the Dockerfile's BUILDKIT_SBOM_SCAN_STAGE
// and BUILDKIT_SBOM_SCAN_CONTEXT want to have scanned with it lies beside each other in BUILDKIT_SCAN_SOURCE_EXTRAS
// (/run/src/extras): sbom-STAGE and sbom-context. Attributes of --attest type=sbom beside generator and format become
// variables BUILDKIT_SCAN_NAME. It is one more step of the build: cached, pinned by the lock file, held to policies.
#include <stop_token>
#include <vector>

#include "attest/options.h"
#include "attest/statement.h"
#include "cli/build_session.h"

namespace cli {

/// Throws what keeps the scanner from running, and failed_precondition for what it wrote that is no SBOM.
std::vector<attest::Attestation> scan_with(const attest::SbomWish& wish, const BuiltImage& built, BuildSession& session,
                                           const std::stop_token& stop);

}  // namespace cli
