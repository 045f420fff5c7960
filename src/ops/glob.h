// SPDX-License-Identifier: Apache-2.0
#pragma once
// Wildcards of COPY, ADD and rm sources, as Go's filepath.Match has them: `*` and `?` stop at "/",
// `[a-z]` and `[^x]` are classes, `\c` is c itself.
#include <optional>
#include <string>
#include <string_view>

namespace ops {

/// Whether any unescaped `*`, `?` or `[` is in `text`.
bool has_wildcards(std::string_view text);

struct SplitGlob {
  std::string literal;  ///< the leading elements without wildcards: "/a/b"
  std::string pattern;  ///< the rest: "*/c"; "" when there is none
};
/// Splits a path, which is cleaned first.
SplitGlob split_wildcards(std::string_view path);

/// Whether the whole of `name` matches; nothing for a malformed pattern.
std::optional<bool> glob_match(std::string_view pattern, std::string_view name);

}  // namespace ops
