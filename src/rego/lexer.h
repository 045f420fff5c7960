// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rego's text in tokens.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"
#include "rego/value.h"

namespace rego {

enum class TokenKind : std::uint8_t { end, name, keyword, string, number, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  Place place;
  std::string text;       ///< as written; of a string: what it means
  Value value;            ///< of strings and numbers
  bool new_line = false;  ///< a line ended before it
  bool spaced = false;    ///< something stands between it and the token before
};

/// Throws invalid_argument, "file:line:column: why". The last token is `end`.
std::vector<Token> tokenize(std::string_view text, std::string_view file);

[[noreturn]] void fail_at(std::string_view file, Place place, std::string_view why);

}  // namespace rego
