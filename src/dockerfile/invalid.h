// SPDX-License-Identifier: Apache-2.0
#pragma once
// How this room refuses a text.
#include <string>
#include <utility>

#include "base/error.h"

namespace dockerfile {

/// Throws invalid_argument with exactly this message, which may be BuildKit's.
[[noreturn]] inline void invalid(std::string text) { throw base::Error(base::Code::invalid_argument, std::move(text)); }

}  // namespace dockerfile
