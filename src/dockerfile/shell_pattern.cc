// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_pattern.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unicode.h"

namespace dockerfile {
namespace {

constexpr std::size_t kMaxSearchStates = std::size_t{1} << 28;

struct Token {
  enum class Kind : std::uint8_t { literal, any, star } kind;
  char32_t rune;
};

[[noreturn]] void fail_escape(std::string_view pattern, std::u32string_view escaped) {
  std::string text;
  base::append_rune(text, escaped.empty() ? base::kReplacement : escaped.front());
  base::fail(base::Code::invalid_argument, "invalid pattern ({}) in substitution: invalid escape '\\{}'", pattern,
             text);
}

std::vector<Token> parse_pattern(std::string_view pattern) {
  using Kind = Token::Kind;
  std::vector<Token> tokens;
  std::u32string runes = base::decode_runes(pattern);
  std::u32string_view rest = runes;
  if (rest.starts_with(U'\ufeff')) rest.remove_prefix(1);
  while (!rest.empty()) {
    const char32_t rune = rest.front();
    rest.remove_prefix(1);
    if (rune == U'*') {
      tokens.push_back({Kind::star, 0});
    } else if (rune == U'?') {
      tokens.push_back({Kind::any, 0});
    } else if (rune != U'\\') {
      tokens.push_back({Kind::literal, rune});
    } else if (!rest.starts_with(U'}') && !rest.starts_with(U'/')) {
      if (rest.empty() || std::u32string_view(U"*?\\").find(rest.front()) == std::u32string_view::npos) {
        fail_escape(pattern, rest);
      }
      tokens.push_back({Kind::literal, rest.front()});
      rest.remove_prefix(1);
    }
  }
  return tokens;
}

/// A value as characters that remember their byte positions.
struct Subject {
  std::u32string runes;
  std::vector<std::size_t> offsets;   ///< one more than runes
  std::vector<std::size_t> line_end;  ///< for each position, where a star must stop

  explicit Subject(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const base::Rune rune = base::decode_rune(text.substr(at));
      runes += rune.value;
      offsets.push_back(at);
      at += rune.width;
    }
    offsets.push_back(at);
    line_end.resize(offsets.size(), runes.size());
    for (std::size_t i = runes.size(); i-- > 0;) line_end[i] = runes[i] == U'\n' ? i : line_end[i + 1];
  }
  std::size_t size() const { return runes.size(); }
};

/// Backtracking search that never looks twice at the same star with the same remaining text.
class Search {
 public:
  Search(std::vector<Token> tokens, const Subject& subject, Reach reach)
      : tokens_(std::move(tokens)), subject_(subject), reach_(reach), star_number_(tokens_.size()) {
    std::size_t stars = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      star_number_[i] = stars;
      stars += tokens_[i].kind == Token::Kind::star ? 1 : 0;
    }
    if (stars > kMaxSearchStates / (subject.size() + 1)) {
      base::fail(base::Code::resource_exhausted, "substitution pattern with {} wildcards is too complex", stars);
    }
    tried_.resize(stars * (subject.size() + 1));
    exhausted_.resize(stars, {0, subject.size() + 1});
  }

  /// End of the match that begins at `position`.
  std::optional<std::size_t> match_at(std::size_t position) {
    std::vector<Choice> choices;
    std::size_t token = 0;
    for (;;) {
      if (walk(token, position)) {
        if (token == tokens_.size()) break;
        choices.push_back(open_choice(token, position));
      }
      if (!next_choice(choices, token, position)) return std::nullopt;
    }
    // The way that succeeded must stay open for later searches.
    for (const Choice& choice : choices) tried_[state(choice.token, choice.taken)] = false;
    return position;
  }

  /// The first match at or after `position`.
  std::optional<std::pair<std::size_t, std::size_t>> find(std::size_t position) {
    for (; position <= subject_.size(); ++position) {
      if (const auto end = match_at(position)) return std::pair(position, *end);
    }
    return std::nullopt;
  }

 private:
  /// A star and the ends [low, high) it has not been given yet.
  struct Choice {
    std::size_t token, start, low, high, taken;
  };
  /// Ends of a star from `start` to `line_end` that are all known to fail.
  struct Exhausted {
    std::size_t line_end, start;
  };

  /// All ends for the star at `token`, but those known to fail.
  Choice open_choice(std::size_t token, std::size_t position) const {
    const std::size_t line_end = subject_.line_end[position];
    const Exhausted& known = exhausted_[star_number_[token]];
    const std::size_t high = known.line_end == line_end ? std::max(position, known.start) : line_end + 1;
    return {token, position, position, std::min(high, line_end + 1), 0};
  }

  std::size_t state(std::size_t token, std::size_t position) const {
    return star_number_[token] * (subject_.size() + 1) + position;
  }

  /// Advances over everything up to the next star or the end; false when the text differs.
  bool walk(std::size_t& token, std::size_t& position) const {
    for (; token < tokens_.size() && tokens_[token].kind != Token::Kind::star; ++token, ++position) {
      if (position == subject_.size()) return false;
      const char32_t rune = subject_.runes[position];
      const bool fits = tokens_[token].kind == Token::Kind::any ? rune != U'\n' : rune == tokens_[token].rune;
      if (!fits) return false;
    }
    return true;
  }

  bool next_choice(std::vector<Choice>& choices, std::size_t& token, std::size_t& position) {
    while (!choices.empty()) {
      Choice& choice = choices.back();
      if (choice.low == choice.high) {
        Exhausted& known = exhausted_[star_number_[choice.token]];
        const std::size_t line_end = subject_.line_end[choice.start];
        if (known.line_end != line_end || choice.start < known.start) known = {line_end, choice.start};
        choices.pop_back();
        continue;
      }
      choice.taken = reach_ == Reach::longest ? --choice.high : choice.low++;
      auto tried = tried_[state(choice.token, choice.taken)];
      if (tried) continue;
      tried = true;
      token = choice.token + 1;
      position = choice.taken;
      return true;
    }
    return false;
  }

  std::vector<Token> tokens_;
  const Subject& subject_;
  Reach reach_;
  std::vector<std::size_t> star_number_;
  std::vector<bool> tried_;
  std::vector<Exhausted> exhausted_;  ///< per star
};

/// The reference at the start of `rest` (behind a `$`): its name and its length; nothing when malformed.
std::optional<std::pair<std::string_view, std::size_t>> template_name(std::string_view rest) {
  const bool brace = rest.starts_with('{');
  if (brace) rest.remove_prefix(1);
  std::size_t size = 0;
  while (size < rest.size()) {
    const base::Rune rune = base::decode_rune(rest.substr(size));
    if (!base::is_letter(rune.value) && !base::is_digit(rune.value) && rune.value != U'_') break;
    size += rune.width;
  }
  if (size == 0 || (brace && (size == rest.size() || rest[size] != '}'))) return std::nullopt;
  return std::pair(rest.substr(0, size), size + (brace ? 2 : 0));
}

std::string fill_template(std::string_view replacement, std::string_view match) {
  std::string out;
  for (;;) {
    const auto dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == replacement.npos) return out;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
    } else if (const auto name = template_name(replacement)) {
      if (name->first == "0") out += match;
      replacement.remove_prefix(name->second);
    } else {
      out += '$';
    }
  }
}

std::string replace_all_matches(Search& search, const Subject& subject, std::string_view value,
                                std::string_view replacement) {
  std::string out;
  std::size_t copied = 0;  // characters of the value that are dealt with
  for (std::size_t from = 0; from <= subject.size();) {
    const auto match = search.find(from);
    if (!match) break;
    const auto [start, end] = *match;
    const auto bytes = [&](std::size_t a, std::size_t b) {
      return value.substr(subject.offsets[a], subject.offsets[b] - subject.offsets[a]);
    };
    out += bytes(copied, start);
    // An empty match that touches the match before it is not replaced again.
    if (end > copied || start == 0) out += fill_template(replacement, bytes(start, end));
    copied = end;
    from = std::max(from + 1, end);
  }
  out += value.substr(subject.offsets[copied]);
  return out;
}

/// Characters in reverse, except that an escape stays in front of what it escapes.
std::string reverse_pattern(std::string_view pattern) {
  const std::u32string runes = base::decode_runes(pattern);
  std::u32string out(runes.size(), U' ');
  for (std::size_t i = 0; i < runes.size();) {
    const std::size_t at = runes.size() - 1 - i;
    if (runes[i] == U'\\' && at > 0) {
      out[at - 1] = runes[i];
      out[at] = runes[i + 1];
      i += 2;
    } else {
      out[at] = runes[i++];
    }
  }
  return base::encode_runes(out);
}

std::string reverse_text(std::string_view text) {
  std::u32string runes = base::decode_runes(text);
  std::reverse(runes.begin(), runes.end());
  return base::encode_runes(runes);
}

}  // namespace

std::string trim_pattern_prefix(std::string_view pattern, std::string_view value, Reach reach) {
  const Subject subject(value);
  const auto end = Search(parse_pattern(pattern), subject, reach).match_at(0);
  return std::string(end ? value.substr(subject.offsets[*end]) : value);
}

std::string trim_pattern_suffix(std::string_view pattern, std::string_view value, Reach reach) {
  return reverse_text(trim_pattern_prefix(reverse_pattern(pattern), reverse_text(value), reach));
}

std::string replace_pattern(std::string_view pattern, std::string_view value, std::string_view replacement,
                            Occurrence occurrence) {
  const Subject subject(value);
  Search search(parse_pattern(pattern), subject, Reach::longest);
  if (occurrence == Occurrence::all) return replace_all_matches(search, subject, value, replacement);
  const auto match = search.find(0);
  if (!match) return std::string(value);
  std::string out(value.substr(0, subject.offsets[match->first]));
  out += replacement;
  out += value.substr(subject.offsets[match->second]);
  return out;
}

}  // namespace dockerfile
