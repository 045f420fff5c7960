// SPDX-License-Identifier: Apache-2.0
#pragma once
// The part of Go's regular expressions that ignore patterns are translated to.
//
// PatternMatcher writes expressions such as `^(.*/)?[^/]*\.o$`; what a user put between brackets or
// behind a backslash comes through unchanged and means what it means in Go (`[[:alpha:]]`, `\d`, `\b`).
// Alternatives, counted repetition and \p classes never come and count as malformed.
// Matching takes time linear in the text. Threads: const calls from any thread.
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

class CharPattern {
 public:
  /// Nothing when the expression is malformed.
  static std::optional<CharPattern> compile(std::string_view expression);

  /// Whether the expression, which must begin with `^`, matches a beginning of `text`.
  bool matches(std::string_view text) const;

  /// A set of characters.
  class CharSet {
   public:
    void add(char32_t first, char32_t last);
    void add_all(const CharSet& other);
    void negate();
    bool contains(char32_t rune) const;

   private:
    struct Span {
      char32_t first, last;
    };
    std::bitset<128> ascii_;
    std::vector<Span> spans_;  ///< beyond ASCII
    bool others_ = false;      ///< whether what is in no span belongs to the set
  };

  enum class Kind : std::uint8_t { chars, split, text_start, text_end, word_edge, no_word_edge, match };
  struct State {
    Kind kind = Kind::match;
    std::uint32_t set = 0;              ///< chars: which of the sets
    std::uint32_t next = 0, other = 0;  ///< where to go on; `other` for split
  };

 private:
  struct Run;

  std::vector<State> states_;
  std::vector<CharSet> sets_;
  std::uint32_t start_ = 0;
  std::string prefix_, suffix_;  ///< what every match begins and ends with, to turn most texts away quickly
};

}  // namespace base
