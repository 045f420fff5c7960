// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/line_words.h"

#include <algorithm>

#include "base/error.h"
#include "base/unicode.h"

namespace dockerfile {
namespace {

constexpr std::string_view kBlanks = "\t\v\f\r ";

/// Bytes count as characters here, so 0x85 and 0xa0 are blanks wherever they stand.
bool is_byte_space(char c) { return base::is_space(static_cast<unsigned char>(c)); }

/// Reads the flags at the start of a line. Bytes are taken for characters, as BuildKit does.
class FlagReader {
 public:
  FlagReader(std::string_view text, char escape) : text_(text), escape_(escape) {}

  /// Stores the flags; what comes behind them is the answer.
  std::string_view read(std::vector<std::string>& flags) {
    for (;;) {
      while (at_ < text_.size() && is_byte_space(text_[at_])) ++at_;
      if (!text_.substr(at_).starts_with("--")) return text_.substr(at_);
      const bool quoted = word();
      if (word_ == "--") return text_.substr(at_);
      if (quoted || !word_.empty()) flags.push_back(word_);
    }
  }

 private:
  /// One word into word_; true when part of it was quoted.
  bool word() {
    word_.clear();
    bool quoted = false;
    char quote = 0;
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (quote == 0 && is_byte_space(c)) break;
      if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
        quoted = true;
        continue;
      }
      if (quote != 0 && c == quote) {
        quote = 0;
        continue;
      }
      if (c == escape_) {
        if (at_ + 1 == text_.size()) continue;
        c = text_[++at_];
      }
      base::append_rune(word_, static_cast<unsigned char>(c));
    }
    return quoted;
  }

  std::string_view text_;
  char escape_;
  std::size_t at_ = 0;
  std::string word_;
};

}  // namespace

SplitLine split_line(std::string_view line, char escape) {
  line = base::trim_space(line);
  SplitLine split;
  const auto blank = line.find_first_of(kBlanks);
  split.command = line.substr(0, blank);
  if (blank == line.npos) return split;
  const auto start = std::min(line.find_first_not_of(kBlanks, blank), line.size());
  split.rest = base::trim_space(FlagReader(line.substr(start), escape).read(split.flags));
  return split;
}

std::vector<std::string> quoted_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char32_t quote = 0;
  bool quoted = false;
  const auto finish = [&] {
    if (quoted || !word.empty()) words.push_back(std::exchange(word, {}));
    quoted = false;
  };
  const auto escape_rune = static_cast<char32_t>(escape);
  while (!text.empty()) {
    base::Rune rune = base::decode_rune(text);
    text.remove_prefix(rune.width);
    if (quote == 0 && base::is_space(rune.value)) {
      finish();
      continue;
    }
    if (quote == 0 && (rune.value == U'\'' || rune.value == U'"')) {
      quote = rune.value;
      quoted = true;
    } else if (rune.value == quote) {
      quote = 0;
    } else if (rune.value == escape_rune && quote != U'\'') {
      if (text.empty()) break;  // An escape character at the end means nothing.
      base::append_rune(word, rune.value);
      rune = base::decode_rune(text);
      text.remove_prefix(rune.width);
    }
    base::append_rune(word, rune.value);
  }
  finish();
  return words;
}

std::vector<std::string> blank_separated(std::string_view text, std::size_t limit) {
  std::vector<std::string> pieces;
  for (;;) {
    const auto blank = pieces.size() + 1 < limit ? text.find_first_of(kBlanks) : text.npos;
    pieces.emplace_back(text.substr(0, blank));
    if (blank == text.npos) return pieces;
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks, blank), text.size()));
  }
}

std::vector<std::string> key_value_triples(std::string_view text, std::string_view command, char escape) {
  const auto words = quoted_words(text, escape);
  if (words.empty()) return {};
  if (words[0].find('=') == std::string::npos) {
    auto pieces = blank_separated(text, 2);
    if (pieces.size() < 2) base::fail(base::Code::invalid_argument, "{} must have two arguments", command);
    return {pieces[0], pieces[1], ""};
  }
  std::vector<std::string> triples;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == word.npos) {
      base::fail(base::Code::invalid_argument, "Syntax error - can't find = in {}. Must be of the form: name=value",
                 base::quote(word));
    }
    triples.push_back(word.substr(0, equals));
    triples.push_back(word.substr(equals + 1));
    triples.emplace_back("=");
  }
  return triples;
}

std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), is_byte_space);
  const auto next = std::find_if_not(end, text.end(), is_byte_space);
  return {text.substr(0, static_cast<std::size_t>(end - text.begin())),
          text.substr(static_cast<std::size_t>(next - text.begin()))};
}

}  // namespace dockerfile
