// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two ARGs that say what is scanned for the SBOM beside the image: BUILDKIT_SBOM_SCAN_STAGE and
// BUILDKIT_SBOM_SCAN_CONTEXT, global or in a stage, each true, false or a list of stages.
#include <optional>
#include <string_view>

#include "dockerfile/convert_stages.h"

namespace dockerfile {

inline constexpr std::string_view kScanStage = "BUILDKIT_SBOM_SCAN_STAGE";
inline constexpr std::string_view kScanContext = "BUILDKIT_SBOM_SCAN_CONTEXT";

/// ARGs of these names are looked for, and are no variables of the build.
inline bool is_scan_setting(std::string_view name) { return name == kScanStage || name == kScanContext; }

/// What the setting says of a stage that was converted: the stage's own ARG counts before the global one. Nothing when
/// neither is there. A value that is no truth value is a list of stages, as BuildKit reads it: never an error.
std::optional<bool> scan_wish(std::string_view setting, const StageState& stage, const ArgList& global_args);

}  // namespace dockerfile
