// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small text helpers that every room would otherwise write again.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

std::vector<std::string> split(std::string_view text, char separator);
/// At most `limit` pieces; the last one keeps the rest.
std::vector<std::string> split_n(std::string_view text, char separator, std::size_t limit);
/// Text before and after the first separator; nothing when there is none.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text, std::string_view separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool is_one_of(std::string_view word, std::span<const std::string_view> words);
std::string_view trim(std::string_view text, std::string_view characters = " \t\r\n\v\f");
std::string lower(std::string_view text);  ///< ASCII only
std::string upper(std::string_view text);  ///< ASCII only
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
/// Decimal only, the whole text; nothing on overflow or junk.
std::optional<std::int64_t> parse_int(std::string_view text, int radix = 10);
/// One record of comma-separated values with Go's encoding/csv quoting: `a,"b,c"` is {a; b,c}.
/// Throws invalid_argument on a stray quote.
std::vector<std::string> split_csv(std::string_view text);
/// The candidate nearest to `word` by edit distance, if near enough to be meant ("did you mean").
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);
/// True for well-formed UTF-8.
bool is_utf8(std::string_view text);
/// "1.5GB" style size for people, powers of 1000 as buildx prints them.
std::string human_size(std::uint64_t bytes);

}  // namespace base
