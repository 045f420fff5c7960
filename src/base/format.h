// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one way this project formats text: `base::format("open {}", path)`, checked when compiled.
#include <fmt/core.h>

namespace base {

using fmt::format;
using fmt::format_string;

}  // namespace base
