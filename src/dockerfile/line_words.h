// SPDX-License-Identifier: Apache-2.0
#pragma once
// Splitting one joined line: command, flags and arguments. Quotes and escapes are respected but not
// removed (ShellWords does that later), except in flags.
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

struct SplitLine {
  std::string command;
  std::vector<std::string> flags;  ///< the words that begin with "--", up to the first other one or a bare "--"
  std::string rest;                ///< trimmed
};

SplitLine split_line(std::string_view line, char escape);

/// Words between blanks, where quotes keep blanks in.
std::vector<std::string> quoted_words(std::string_view text, char escape);

/// Pieces between runs of ASCII blanks; at most `limit` pieces, the last one unsplit. "" is one empty piece.
std::vector<std::string> blank_separated(std::string_view text, std::size_t limit = SIZE_MAX);

/// ENV and LABEL: key, value, separator ("=" or, for the legacy form `KEY value`, "") for each pair.
/// Throws invalid_argument; `command` is for its message.
std::vector<std::string> key_value_triples(std::string_view text, std::string_view command, char escape);

/// HEALTHCHECK: the first word and the rest behind the blanks. Both empty when `text` begins with a blank.
std::pair<std::string_view, std::string_view> first_word(std::string_view text);

}  // namespace dockerfile
