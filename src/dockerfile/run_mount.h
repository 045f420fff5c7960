// SPDX-License-Identifier: Apache-2.0
#pragma once
// The values of RUN --mount and RUN --device.
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/instructions.h"

namespace dockerfile {

/// Checks as much of a mount as can be known before variables are replaced. Throws invalid_argument.
void check_mount(std::string_view text);
/// The mount, with every value expanded. Throws invalid_argument.
Mount parse_mount(std::string_view text, const WordExpander& expander);

/// "name=vendor.com/class=dev,required" and its short forms. Throws invalid_argument.
Device parse_device(std::string_view text);

}  // namespace dockerfile
