// SPDX-License-Identifier: Apache-2.0
#pragma once
// The exec form of instructions: `["cmd", "arg"]`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

/// The strings of a JSON array. Nothing when `text` is no JSON array (it is then in shell form);
/// throws invalid_argument when it is one with elements that are no strings.
std::optional<std::vector<std::string>> parse_json_form(std::string_view text);

}  // namespace dockerfile
