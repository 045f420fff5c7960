// SPDX-License-Identifier: Apache-2.0
#pragma once
// The policies that a build is held to.
#include "attest/source_policy.h"
#include "cli/contexts.h"
#include "cli/options.h"

namespace cli {

/// Files of --source-policy, and of EXPERIMENTAL_BUILDKIT_SOURCE_POLICY, where docker buildx takes its from.
attest::SourcePolicies source_policies(const BuildOptions& options);

/// Throws, a refusal, where a policy in Rego lies beside the Dockerfile, which docker buildx would ask and which cannot
/// be asked here, unless the options say to pass it over. A Dockerfile that is no file of this machine has none.
void refuse_unasked_policy(const BuildOptions& options, const BuildContexts& contexts);

}  // namespace cli
