// SPDX-License-Identifier: Apache-2.0
#pragma once
// How many columns a terminal gives to UTF-8 text, and cutting text to columns.
// Combining marks take none, East Asian wide characters and emoji two. Escape sequences are not
// understood here: cut first, colour afterwards.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace progress {

struct Character {
  std::size_t bytes = 1;  ///< at least 1, so that loops end
  char32_t code = 0;
  int columns = 1;
  bool valid = true;     ///< false: not UTF-8, one byte is taken
  bool control = false;  ///< C0, DEL or C1
};

/// The character at the start of a non-empty text.
Character next_character(std::string_view text);

std::size_t columns_of(std::string_view text);

/// The longest start of `text` that fits; never half a character.
std::string_view cut_to(std::string_view text, std::size_t columns);

/// As cut_to, with "…" as the last column where something was cut off.
std::string ellipsize(std::string_view text, std::size_t columns);

/// Cut, then filled up with spaces to exactly `columns`.
std::string pad_to(std::string_view text, std::size_t columns);

}  // namespace progress
