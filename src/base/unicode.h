// SPDX-License-Identifier: Apache-2.0
#pragma once
// Characters of UTF-8 text, classified as Go's unicode and strconv packages do.
//
// Names and Dockerfiles are bytes; where their rules speak of characters, a byte that is not part of
// well-formed UTF-8 counts as one character U+FFFD of width 1.
#include <string>
#include <string_view>

namespace base {

inline constexpr char32_t kReplacement = 0xfffd;

struct Rune {
  char32_t value = kReplacement;
  std::size_t width = 0;  ///< bytes; 0 at the end of the text
};

/// The first character of `text`.
Rune decode_rune(std::string_view text);
/// Appends `rune` as UTF-8; what is no character becomes U+FFFD.
void append_rune(std::string& out, char32_t rune);
std::u32string decode_runes(std::string_view text);
std::string encode_runes(std::u32string_view runes);

bool is_letter(char32_t rune);  ///< category L
bool is_digit(char32_t rune);   ///< category Nd
bool is_space(char32_t rune);   ///< White_Space
bool is_print(char32_t rune);   ///< letters, marks, numbers, punctuation, symbols and the ASCII space
char32_t to_lower(char32_t rune);
char32_t to_upper(char32_t rune);

std::string lower_runes(std::string_view text);
std::string upper_runes(std::string_view text);
/// Equal but for letter case.
bool equal_fold(std::string_view a, std::string_view b);

std::string_view trim_space(std::string_view text);       ///< Unicode blanks off both ends
std::string_view trim_space_left(std::string_view text);  ///< off the beginning

/// `text` in double quotes with the escapes of Go's strconv.Quote (%q), as BuildKit's messages have it.
std::string quote(std::string_view text);

}  // namespace base
