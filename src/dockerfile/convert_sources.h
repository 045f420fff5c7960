// SPDX-License-Identifier: Apache-2.0
#pragma once
// The small values of COPY and ADD: addresses, checksums, modes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dockerfile {

/// An address of a file, and not of a git repository.
bool is_http_source(std::string_view text);
bool is_git_source(std::string_view text);
/// The name a download gets: the last element of the address's path, "__unnamed__" without one.
std::string url_file_name(std::string_view url);
/// `text`, if it is a digest; throws invalid_argument otherwise.
std::string checked_digest(const std::string& text);

struct Chmod {
  std::optional<std::uint32_t> octal;  ///< none = symbolic, as in chmod(1)
};
/// Throws invalid_argument for what is neither.
Chmod parse_chmod(std::string_view text);

}  // namespace dockerfile
