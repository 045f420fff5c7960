// SPDX-License-Identifier: Apache-2.0
#pragma once
// Capability sets of containers, by the names the OCI runtime specification uses.
#include <cstdint>
#include <string>
#include <vector>

namespace sandbox {

/// Docker's default fourteen (mask a80425fb), in the order of their numbers.
const std::vector<std::string>& default_capabilities();

/// Every capability whose bit is set; bits without a name are left out.
std::vector<std::string> capability_names(std::uint64_t mask);

/// The effective capabilities of this process.
std::uint64_t effective_capabilities();

}  // namespace sandbox
