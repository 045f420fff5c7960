// SPDX-License-Identifier: Apache-2.0
#include "ops/glob.h"

#include <cstdint>

#include "base/path.h"
#include "base/strings.h"

namespace ops {
namespace {

/// One character off the front, UTF-8 or a stray byte.
char32_t take_rune(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (length > text.size() || !base::is_utf8(text.substr(0, length))) length = 1;
  char32_t rune = length == 1 ? first : first & (0x7fU >> length);
  if (length == 1 && first >= 0x80) rune = 0xfffd;
  for (std::size_t i = 1; i < length; ++i) rune = rune << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  text.remove_prefix(length);
  return rune;
}

enum class Step : std::uint8_t { matched, failed, malformed };

/// A bound of a range in a class.
std::optional<char32_t> take_bound(std::string_view& pattern) {
  if (pattern.empty() || pattern[0] == '-' || pattern[0] == ']') return std::nullopt;
  if (pattern[0] == '\\') {
    pattern.remove_prefix(1);
    if (pattern.empty()) return std::nullopt;
  }
  const char32_t rune = take_rune(pattern);
  if (pattern.empty()) return std::nullopt;
  return rune;
}

/// A class, whose "[" has been taken, against one character.
Step match_class(std::string_view& pattern, std::optional<char32_t> rune) {
  const bool negated = pattern.starts_with('^');
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  for (bool first = true;; first = false) {
    if (!first && pattern.starts_with(']')) break;
    const auto low = take_bound(pattern);
    if (!low) return Step::malformed;
    auto high = low;
    if (pattern[0] == '-') {
      pattern.remove_prefix(1);
      high = take_bound(pattern);
      if (!high) return Step::malformed;
    }
    found = found || (rune && *low <= *rune && *rune <= *high);
  }
  pattern.remove_prefix(1);
  return rune && found != negated ? Step::matched : Step::failed;
}

/// Matches a piece without stars at the front of `name`, which loses what matched. On a failure the
/// rest of the piece is still checked, as a malformed pattern is so for every name.
Step match_piece(std::string_view piece, std::string_view& name) {
  bool failed = false;
  while (!piece.empty()) {
    failed = failed || name.empty();
    const char kind = piece[0];
    if (kind == '[') {
      piece.remove_prefix(1);
      std::optional<char32_t> rune;
      if (!failed) rune = take_rune(name);
      const Step step = match_class(piece, rune);
      if (step == Step::malformed) return step;
      failed = failed || step == Step::failed;
      continue;
    }
    if (kind == '?') {
      piece.remove_prefix(1);
      if (!failed && name[0] == '/') failed = true;
      if (!failed) take_rune(name);
      continue;
    }
    if (kind == '\\') {
      piece.remove_prefix(1);
      if (piece.empty()) return Step::malformed;
    }
    if (!failed && name[0] != piece[0]) failed = true;
    if (!failed) name.remove_prefix(1);
    piece.remove_prefix(1);
  }
  return failed ? Step::failed : Step::matched;
}

/// The pattern up to the next star that is neither escaped nor in a class.
std::string_view next_piece(std::string_view pattern) {
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '[') {
      in_class = true;
    } else if (pattern[i] == ']') {
      in_class = false;
    } else if (pattern[i] == '*' && !in_class) {
      return pattern.substr(0, i);
    }
  }
  return pattern;
}

/// `pattern` follows a star: tries its next piece at every place that the star may reach.
std::optional<std::string_view> match_after_star(std::string_view piece, std::string_view name, bool last) {
  for (;;) {
    std::string_view rest = name;
    if (match_piece(piece, rest) == Step::matched && (!last || rest.empty())) return rest;
    if (name.empty() || name[0] == '/') return std::nullopt;
    name.remove_prefix(1);
  }
}

}  // namespace

bool has_wildcards(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
      return true;
    }
  }
  return false;
}

SplitGlob split_wildcards(std::string_view path) {
  const std::string clean = base::clean_path(path);
  SplitGlob split{clean.starts_with('/') ? "/" : "", ""};
  bool wild = false;
  for (const auto& element : base::split(clean, '/')) {
    if (element.empty()) continue;
    wild = wild || has_wildcards(element);
    std::string& part = wild ? split.pattern : split.literal;
    if (!part.empty() && !part.ends_with('/')) part += '/';
    part += element;
  }
  return split;
}

std::optional<bool> glob_match(std::string_view pattern, std::string_view name) {
  std::string_view none;
  for (std::string_view rest = pattern; !rest.empty();) {  // what is malformed is so for every name
    const auto piece = next_piece(rest);
    std::string_view empty = none;
    if (match_piece(piece, empty) == Step::malformed) return std::nullopt;
    rest.remove_prefix(piece.size());
    while (rest.starts_with('*')) rest.remove_prefix(1);
  }
  bool star = false;
  for (;;) {
    while (pattern.starts_with('*')) {
      star = true;
      pattern.remove_prefix(1);
    }
    const auto piece = next_piece(pattern);
    pattern.remove_prefix(piece.size());
    if (star && piece.empty()) return name.find('/') == name.npos;
    if (star) {
      const auto rest = match_after_star(piece, name, pattern.empty());
      if (!rest) return false;
      name = *rest;
    } else if (match_piece(piece, name) != Step::matched) {
      return false;
    }
    if (pattern.empty()) return name.empty();
    star = false;
  }
}

}  // namespace ops
