// SPDX-License-Identifier: Apache-2.0
#pragma once
// Diagnostics for developers, to stderr, silent unless SLIPWAY_LOG=debug|info|warn asks for them.
// What users must see goes through progress events, not through here.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/format.h"

namespace base {

enum class LogLevel : std::uint8_t { debug, info, warn };

bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <typename... Args>
void log_debug(format_string<Args...> text, Args&&... args) {
  if (log_enabled(LogLevel::debug)) log_line(LogLevel::debug, base::format(text, std::forward<Args>(args)...));
}

template <typename... Args>
void log_warn(format_string<Args...> text, Args&&... args) {
  if (log_enabled(LogLevel::warn)) log_line(LogLevel::warn, base::format(text, std::forward<Args>(args)...));
}

}  // namespace base
