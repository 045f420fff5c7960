// SPDX-License-Identifier: Apache-2.0
#pragma once
// The wildcard patterns of ${v#p}, ${v%p} and ${v/p/r}: `*` and `?`, neither crossing a line end,
// with `\*`, `\?` and `\\` standing for themselves; `\/` and `\}` lose their backslash.
//
// All functions throw invalid_argument for another escape. Time and memory are bounded by the
// pattern's stars times the value's length; absurd products are refused.
#include <string>
#include <string_view>

namespace dockerfile {

enum class Reach : bool { shortest, longest };
enum class Occurrence : bool { first, all };

/// `value` without the beginning that `pattern` matches.
std::string trim_pattern_prefix(std::string_view pattern, std::string_view value, Reach reach);
/// `value` without the end that `pattern` matches.
std::string trim_pattern_suffix(std::string_view pattern, std::string_view value, Reach reach);
/// `value` with matches (as long as can be) replaced. With Occurrence::all, `$0` in `replacement` is the
/// match and other `$name`s are empty, as BuildKit's regular expressions have it.
std::string replace_pattern(std::string_view pattern, std::string_view value, std::string_view replacement,
                            Occurrence occurrence);

}  // namespace dockerfile
