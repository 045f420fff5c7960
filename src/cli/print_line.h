// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <string>

#include "progress/log_lines.h"

namespace cli {

/// A line on standard output. Names of files, packages and steps are anybody's: nothing of them reaches the terminal as
/// a command.
inline void print_line(const std::string& text) { std::printf("%s\n", progress::safe_text(text).c_str()); }

}  // namespace cli
