// SPDX-License-Identifier: Apache-2.0
#pragma once
// Versions by semver.org 2.0.
#include <optional>
#include <string_view>

namespace rego {

/// -1, 0 or 1; nothing when one of them is no version. A leading "v" makes it none.
std::optional<int> compare_versions(std::string_view left, std::string_view right);

}  // namespace rego
