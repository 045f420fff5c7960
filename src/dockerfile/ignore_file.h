// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading .dockerignore files into patterns for PatternMatcher.
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

/// One cleaned pattern per line that is neither blank nor a `#` comment: a byte order mark, blanks
/// around, a leading "/" and redundant path elements are dropped, "!" is kept.
/// Throws invalid_argument for a line of 64 KiB or more.
std::vector<std::string> read_ignore_file(std::string_view text);

}  // namespace dockerfile
