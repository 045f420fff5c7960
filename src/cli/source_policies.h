// SPDX-License-Identifier: Apache-2.0
#pragma once
// The policies that a build is held to.
#include "attest/source_policy.h"
#include "cli/options.h"

namespace cli {

/// Files of --source-policy, and of EXPERIMENTAL_BUILDKIT_SOURCE_POLICY, where docker buildx takes its from.
attest::SourcePolicies source_policies(const BuildOptions& options);

}  // namespace cli
