// SPDX-License-Identifier: Apache-2.0
#include "base/char_pattern.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/unicode.h"

namespace base {
namespace {

using CharSet = CharPattern::CharSet;
using Kind = CharPattern::Kind;
using State = CharPattern::State;

constexpr char32_t kLastRune = 0x10ffff;
constexpr std::size_t kSmall = 64;

CharSet set_of(std::string_view pairs) {
  CharSet set;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    set.add(static_cast<unsigned char>(pairs[i]), static_cast<unsigned char>(pairs[i + 1]));
  }
  return set;
}

/// First and last characters of the ranges of a POSIX class; nothing for an unknown name.
std::optional<std::string_view> posix_ranges(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kClasses[] = {
      {"alnum", "09AZaz"},
      {"alpha", "AZaz"},
      {"blank", "\t\t  "},
      {"digit", "09"},
      {"graph", "!~"},
      {"lower", "az"},
      {"print", " ~"},
      {"punct", "!/:@[`{~"},
      {"space", "\t\r  "},
      {"upper", "AZ"},
      {"word", "09AZaz__"},
      {"xdigit", "09AFaf"},
      {"ascii", std::string_view("\0\x7f", 2)},
      {"cntrl", std::string_view("\0\x1f\x7f\x7f", 4)},
  };
  for (const auto& [known, ranges] : kClasses) {
    if (known == name) return ranges;
  }
  return std::nullopt;
}

/// `\d`, `\S` and so on; nothing for another letter.
std::optional<CharSet> perl_class(char letter) {
  static constexpr std::pair<char, std::string_view> kClasses[] = {{'d', "09"}, {'s', "\t\n\f\r  "}, {'w', "09AZaz__"}};
  for (const auto& [lower, ranges] : kClasses) {
    if ((letter | 0x20) != lower) continue;
    CharSet set = set_of(ranges);
    if (letter != lower) set.negate();
    return set;
  }
  return std::nullopt;
}

int octal(char32_t rune) { return rune >= U'0' && rune <= U'7' ? static_cast<int>(rune - U'0') : -1; }

int hex(char32_t rune) {
  if (rune >= U'0' && rune <= U'9') return static_cast<int>(rune - U'0');
  const char32_t lower = rune | 0x20;
  return lower >= U'a' && lower <= U'f' ? static_cast<int>(lower - U'a') + 10 : -1;
}

bool is_word(char32_t rune) { return rune == U'_' || (rune < 0x80 && (is_letter(rune) || is_digit(rune))); }

/// One element of an expression: characters, an assertion or a group, and how often.
struct Piece {
  enum class Repeat : std::uint8_t { once, maybe, many };
  Kind kind = Kind::chars;
  CharSet set;
  std::vector<Piece> group;
  bool is_group = false;
  std::optional<char32_t> literal;  ///< the one character that fits
  Repeat repeat = Repeat::once;
};

/// Reads an expression. `ok()` turns false at the first fault.
class ExpressionReader {
 public:
  explicit ExpressionReader(std::string_view text) : runes_(decode_runes(text)) {}

  std::vector<Piece> read() {
    auto pieces = sequence();
    if (at_ < runes_.size()) ok_ = false;
    return pieces;
  }
  bool ok() const { return ok_; }

 private:
  char32_t peek(std::size_t ahead = 0) const { return at_ + ahead < runes_.size() ? runes_[at_ + ahead] : 0; }
  bool more() const { return ok_ && at_ < runes_.size(); }
  bool take(std::u32string_view text) {
    if (std::u32string_view(runes_).substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  char32_t next() {
    if (!more()) ok_ = false;
    return ok_ ? runes_[at_++] : 0;
  }

  static Piece single(char32_t rune) {
    Piece piece;
    piece.set.add(rune, rune);
    piece.literal = rune;
    return piece;
  }
  static Piece assertion(Kind kind) {
    Piece piece;
    piece.kind = kind;
    return piece;
  }

  std::vector<Piece> sequence() {
    std::vector<Piece> pieces;
    while (more() && peek() != U')') {
      if (take(U"\\Q")) {
        while (more() && !take(U"\\E")) pieces.push_back(single(next()));
        continue;
      }
      pieces.push_back(piece());
      if (take(U"*"))
        pieces.back().repeat = Piece::Repeat::many;
      else if (take(U"?"))
        pieces.back().repeat = Piece::Repeat::maybe;
    }
    return pieces;
  }

  Piece piece() {
    const char32_t rune = next();
    switch (rune) {
      case U'^': return assertion(Kind::text_start);
      case U'$': return assertion(Kind::text_end);
      case U'\\': return escaped();
      case U'.': {
        Piece any = single(U'\n');
        any.set.negate();
        any.literal.reset();
        return any;
      }
      case U'[': {
        Piece piece;
        piece.set = bracket();
        return piece;
      }
      case U'(': {
        Piece piece;
        piece.is_group = true;
        piece.group = sequence();
        if (!take(U")")) ok_ = false;
        return piece;
      }
      case U'*':
      case U'?':
      case U'+':
      case U'{':
      case U'|': ok_ = false; return {};
      default: return single(rune);
    }
  }

  Piece escaped() {
    switch (peek()) {
      case U'A': ++at_; return assertion(Kind::text_start);
      case U'z': ++at_; return assertion(Kind::text_end);
      case U'b': ++at_; return assertion(Kind::word_edge);
      case U'B': ++at_; return assertion(Kind::no_word_edge);
      default: break;
    }
    if (auto set = letter_class()) {
      Piece piece;
      piece.set = std::move(*set);
      return piece;
    }
    return single(escaped_rune());
  }

  std::optional<CharSet> letter_class() {
    auto set = peek() < 0x80 ? perl_class(static_cast<char>(peek())) : std::nullopt;
    if (set) ++at_;
    return set;
  }

  /// Behind a backslash that begins no class and no assertion.
  char32_t escaped_rune() {
    const char32_t rune = next();
    static constexpr std::u32string_view kLetters = U"afnrtv";
    static constexpr std::u32string_view kCodes = U"\a\f\n\r\t\v";
    if (const auto at = kLetters.find(rune); ok_ && at != kLetters.npos) return kCodes[at];
    if (rune == U'x') return hex_rune();
    if (octal(rune) >= 0) return octal_rune(octal(rune));
    if (rune >= 0x80 || is_letter(rune) || is_digit(rune)) ok_ = false;
    return rune;
  }

  char32_t octal_rune(int value) {
    // One digit from 1 to 7 would refer back to a group.
    if (value > 0 && octal(peek()) < 0) ok_ = false;
    for (int digits = 1; digits < 3 && octal(peek()) >= 0; ++digits) value = value * 8 + octal(next());
    return static_cast<char32_t>(value);
  }

  char32_t hex_rune() {
    const bool brace = take(U"{");
    char32_t value = 0;
    std::size_t digits = 0;
    for (; hex(peek()) >= 0 && value <= kLastRune && (brace || digits < 2); ++digits) {
      value = value * 16 + static_cast<char32_t>(hex(next()));
    }
    ok_ = ok_ && value <= kLastRune && (brace ? digits > 0 && take(U"}") : digits == 2);
    return value;
  }

  /// A bracket expression behind its "[".
  CharSet bracket() {
    CharSet set;
    const bool negated = take(U"^");
    for (bool first = true; more() && (first || peek() != U']'); first = false) {
      if (named_class(set)) continue;
      if (peek() == U'\\') {
        ++at_;
        if (const auto letters = letter_class()) {
          set.add_all(*letters);
          continue;
        }
        --at_;
      }
      const char32_t low = bracket_rune();
      char32_t high = low;
      if (peek() == U'-' && at_ + 1 < runes_.size() && peek(1) != U']') {
        ++at_;
        high = bracket_rune();
      }
      if (high < low) ok_ = false;
      if (ok_) set.add(low, high);
    }
    if (!take(U"]")) ok_ = false;
    if (negated) set.negate();
    return set;
  }

  char32_t bracket_rune() { return take(U"\\") ? escaped_rune() : next(); }

  /// "[:alpha:]" inside brackets; an unknown name is a fault.
  bool named_class(CharSet& set) {
    const std::u32string_view rest = std::u32string_view(runes_).substr(at_);
    if (!rest.starts_with(U"[:")) return false;
    const auto end = rest.find(U":]", 2);
    if (end == rest.npos) return false;
    std::string name = encode_runes(rest.substr(2, end - 2));
    const bool negated = name.starts_with('^');
    const auto ranges = posix_ranges(std::string_view(name).substr(negated ? 1 : 0));
    at_ += end + 2;
    if (!ranges) {
      ok_ = false;
      return true;
    }
    CharSet named = set_of(*ranges);
    if (negated) named.negate();
    set.add_all(named);
    return true;
  }

  std::u32string runes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// The text that the pieces spell out until the first one that is not a plain character.
template <typename Iterator>
std::u32string leading_literals(Iterator begin, Iterator end) {
  std::u32string text;
  for (; begin != end && begin->literal && begin->repeat == Piece::Repeat::once; ++begin) {
    // U+FFFD also fits every byte that is no UTF-8.
    if (*begin->literal == kReplacement) break;
    text += *begin->literal;
  }
  return text;
}

/// Lays pieces out as states, from the last to the first.
class StateBuilder {
 public:
  std::vector<State> states;
  std::vector<CharSet> sets;

  std::uint32_t add(State state) {
    states.push_back(state);
    return static_cast<std::uint32_t>(states.size() - 1);
  }

  std::uint32_t sequence(std::vector<Piece>& pieces, std::uint32_t next) {
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) next = repeated(*piece, next);
    return next;
  }

 private:
  std::uint32_t repeated(Piece& piece, std::uint32_t next) {
    if (piece.repeat == Piece::Repeat::once) return one(piece, next);
    const std::uint32_t split = add({.kind = Kind::split, .other = next});
    const std::uint32_t body = one(piece, piece.repeat == Piece::Repeat::many ? split : next);
    states[split].next = body;
    return split;
  }

  std::uint32_t one(Piece& piece, std::uint32_t next) {
    if (piece.is_group) return sequence(piece.group, next);
    if (piece.kind == Kind::chars) sets.push_back(std::move(piece.set));
    return add({.kind = piece.kind, .set = static_cast<std::uint32_t>(sets.size()) - 1, .next = next});
  }
};

}  // namespace

void CharPattern::CharSet::add(char32_t first, char32_t last) {
  for (char32_t rune = first; rune <= last && rune < 0x80; ++rune) ascii_.set(rune);
  if (last >= 0x80) spans_.push_back({std::max<char32_t>(first, 0x80), last});
}

void CharPattern::CharSet::add_all(const CharSet& other) {
  // What is added here is ASCII or, negated, all of the rest.
  ascii_ |= other.ascii_;
  if (other.others_) spans_.push_back({0x80, kLastRune});
}

void CharPattern::CharSet::negate() {
  ascii_.flip();
  others_ = !others_;
}

bool CharPattern::CharSet::contains(char32_t rune) const {
  if (rune < 0x80) return ascii_[rune];
  const bool listed = std::any_of(spans_.begin(), spans_.end(),
                                  [&](const Span& span) { return span.first <= rune && rune <= span.last; });
  return listed != others_;
}

std::optional<CharPattern> CharPattern::compile(std::string_view expression) {
  ExpressionReader reader(expression);
  auto pieces = reader.read();
  if (!reader.ok()) return std::nullopt;
  StateBuilder builder;
  CharPattern pattern;
  if (!pieces.empty() && pieces.front().kind == Kind::text_start) {
    pattern.prefix_ = encode_runes(leading_literals(pieces.begin() + 1, pieces.end()));
  }
  if (!pieces.empty() && pieces.back().kind == Kind::text_end) {
    auto suffix = leading_literals(pieces.rbegin() + 1, pieces.rend());
    std::reverse(suffix.begin(), suffix.end());
    pattern.suffix_ = encode_runes(suffix);
  }
  const std::uint32_t match = builder.add({.kind = Kind::match});
  pattern.start_ = builder.sequence(pieces, match);
  pattern.states_ = std::move(builder.states);
  pattern.sets_ = std::move(builder.sets);
  return pattern;
}

/// One pass over a text: the set of states that are alive, kept as a list.
struct CharPattern::Run {
  Run(const CharPattern& owner, std::string_view text) : pattern(owner), rest(text) {
    const std::size_t size = pattern.states_.size();
    if (size > kSmall) large.resize(size * 3);
    now = size > kSmall ? large.data() : small.data();
    then = now + size;
    marks = then + size;
  }

  bool matched() {
    ahead = decode_rune(rest);
    enter(pattern.start_);
    while (!found && count > 0 && ahead.width > 0) step();
    return found;
  }

  /// Takes one character.
  void step() {
    const char32_t rune = ahead.value;
    rest.remove_prefix(ahead.width);
    behind = rune;
    at_start = false;
    ahead = decode_rune(rest);
    std::swap(now, then);
    const std::size_t living = std::exchange(count, 0);
    ++generation;
    for (std::size_t i = 0; i < living && !found; ++i) {
      const State& state = pattern.states_[then[i]];
      if (pattern.sets_[state.set].contains(rune)) enter(state.next);
    }
  }

  /// Makes a state and everything reachable from it without a character alive.
  void enter(std::uint32_t index) {
    while (marks[index] != generation) {
      marks[index] = generation;
      const State& state = pattern.states_[index];
      if (state.kind == Kind::chars) {
        now[count++] = index;
        return;
      }
      if (state.kind == Kind::match) {
        found = true;
        return;
      }
      if (state.kind == Kind::split) {
        enter(state.next);
        index = state.other;
      } else if (holds(state.kind)) {
        index = state.next;
      } else {
        return;
      }
    }
  }

  bool holds(Kind kind) const {
    if (kind == Kind::text_start) return at_start;
    if (kind == Kind::text_end) return ahead.width == 0;
    const bool edge = (!at_start && is_word(behind)) != (ahead.width > 0 && is_word(ahead.value));
    return edge == (kind == Kind::word_edge);
  }

  const CharPattern& pattern;
  std::string_view rest;
  std::array<std::uint32_t, 3 * kSmall> small{};
  std::vector<std::uint32_t> large;
  std::uint32_t *now, *then, *marks;
  std::uint32_t generation = 1;
  std::size_t count = 0;
  Rune ahead;
  char32_t behind = 0;
  bool at_start = true;
  bool found = false;
};

bool CharPattern::matches(std::string_view text) const {
  return text.starts_with(prefix_) && text.ends_with(suffix_) && Run(*this, text).matched();
}

}  // namespace base
