// SPDX-License-Identifier: Apache-2.0
#pragma once
// What `slipway check` found, for people and for tools.
//
// Text is laid out as docker buildx lays it out, with a "fix:" line where there is one. JSON has
// the members of BuildKit's lint result and "fix" beside them. SARIF is version 2.1.0, as code hosts
// take it.
#include <string>

#include "dockerfile/check.h"

namespace cli {

std::string check_text(const dockerfile::CheckReport& report);
std::string check_json(const dockerfile::CheckReport& report);
/// `path` is where the Dockerfile lies, for those who read the findings in the repository.
std::string check_sarif(const dockerfile::CheckReport& report, const std::string& path);

}  // namespace cli
