// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdio>
#include <string>

#include "progress/log_lines.h"

namespace cli {

/// A line on standard output. Names of files, packages and steps are anybody's: nothing of them reaches the terminal as
/// a command.
inline void print_line(const std::string& text) { std::printf("%s\n", progress::safe_text(text).c_str()); }

/// A text of several lines, made fit for the terminal in the same way.
inline std::string safe_lines(const std::string& text) {
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    safe += progress::safe_text(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return safe;
}

}  // namespace cli
