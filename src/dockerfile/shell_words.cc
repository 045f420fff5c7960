// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/shell_words.h"

#include <utility>

#include "base/error.h"
#include "base/unicode.h"
#include "dockerfile/invalid.h"
#include "dockerfile/shell_pattern.h"

namespace dockerfile {
namespace {

/// No character: the end of the text. Written out, it is U+FFFD.
constexpr char32_t kEnd = 0xffffffff;
/// `${a:-${b:-…}}` beyond this is refused rather than followed off the stack.
constexpr int kMaxNesting = 1000;

std::string to_text(char32_t rune) {
  std::string text;
  base::append_rune(text, rune);
  return text;
}

/// Characters of a word, one ahead. A byte order mark at the start is not seen.
class Runes {
 public:
  explicit Runes(std::string_view text) : rest_(text) {
    advance();
    if (ahead_ == U'\ufeff') advance();
  }
  char32_t peek() const { return ahead_; }
  bool at_end() const { return ahead_ == kEnd; }
  char32_t next() {
    const char32_t rune = ahead_;
    if (rune != kEnd) advance();
    return rune;
  }

 private:
  void advance() {
    const base::Rune rune = base::decode_rune(rest_);
    ahead_ = rune.width == 0 ? kEnd : rune.value;
    rest_.remove_prefix(rune.width);
  }

  std::string_view rest_;
  char32_t ahead_ = kEnd;
};

/// Splits what is added into words. The buffer belongs to the whole expansion and not to one level
/// of it: an operator's operand starts it anew, which BuildKit's users have come to rely on.
class WordCollector {
 public:
  explicit WordCollector(std::string& buffer) : buffer_(buffer) { buffer_.clear(); }

  void add_char(char32_t rune) {
    if (!base::is_space(rune)) {
      add_raw_char(rune);
    } else if (in_word_ && !buffer_.empty()) {
      finish_word();
    }
  }
  void add_raw_char(char32_t rune) {
    base::append_rune(buffer_, rune);
    in_word_ = true;
  }
  void add_text(std::string_view text) {
    for (const char32_t rune : base::decode_runes(text)) add_char(rune);
  }
  void add_raw_text(std::string_view text) {
    buffer_ += text;
    in_word_ = true;
  }
  std::vector<std::string> take() {
    if (!buffer_.empty()) finish_word();
    return std::move(words_);
  }

 private:
  void finish_word() {
    words_.push_back(std::exchange(buffer_, {}));
    in_word_ = false;
  }

  std::string& buffer_;
  std::vector<std::string> words_;
  bool in_word_ = false;
};

/// True for $@, $*, $# and so on.
bool is_special_parameter(char32_t rune) {
  return std::u32string_view(U"@*#?-$!0").find(rune) != std::u32string_view::npos;
}

/// One expansion of one text.
class Expansion {
 public:
  Expansion(std::string_view text, char32_t escape, const ShellOptions& options, const Environment& environment)
      : source_(text), runes_(text), escape_(escape), options_(options), environment_(environment) {}

  ExpandedWord run() {
    try {
      Part part = until(kEnd, options_.raw_escapes);
      result_.text = std::move(part.text);
      result_.words = std::move(part.words);
    } catch (base::Error& error) {
      error.add_frame("failed to process " + base::quote(source_));
      throw;
    }
    return std::move(result_);
  }

 private:
  struct Part {
    std::string text;
    std::vector<std::string> words;
  };
  /// An operator behind a name: `:-` is {'-', ":-", true}.
  struct Operator {
    char32_t sign;
    std::string text;
    bool null_is_unset;
  };

  Part until(char32_t stop, bool raw_escapes);
  /// until(), with an unfinished operand reported as `unfinished`.
  std::string operand(char32_t stop, bool raw_escapes, const char* unfinished);
  void add_plain(Part& part, WordCollector& words);
  std::string single_quoted();
  std::string double_quoted();
  std::string variable();
  std::string braced_variable();
  std::string apply(const std::string& name, const Operator& op);
  std::string require(const std::string& name, const Operator& op, const std::string& word,
                      const std::optional<std::string>& value);
  std::string trim(char32_t sign, std::string_view word, const std::optional<std::string>& value);
  std::string replace(const std::string& name);
  std::string name();
  std::string heredoc_start();
  std::optional<std::string> look_up(const std::string& name);
  bool is_quote(char32_t rune) const { return (rune == U'\'' || rune == U'"') && !options_.skip_process_quotes; }

  std::string_view source_;
  Runes runes_;
  char32_t escape_;
  const ShellOptions& options_;
  const Environment& environment_;
  bool raw_escapes_ = false;
  int nesting_ = 0;
  std::string word_buffer_;
  ExpandedWord result_;
};

Expansion::Part Expansion::until(char32_t stop, bool raw_escapes) {
  if (++nesting_ > kMaxNesting) {
    base::fail(base::Code::invalid_argument, "more than {} substitutions inside each other", kMaxNesting);
  }
  const bool outer_raw_escapes = std::exchange(raw_escapes_, raw_escapes);
  Part part;
  WordCollector words(word_buffer_);
  bool stopped = stop == kEnd;
  while (!runes_.at_end()) {
    const char32_t rune = runes_.peek();
    if (rune == stop) {
      runes_.next();
      stopped = true;
      break;
    }
    if (rune == U'$') {
      const std::string value = variable();
      part.text += value;
      words.add_text(value);
    } else if (rune == U'<' || is_quote(rune)) {
      const std::string raw = rune == U'<' ? heredoc_start() : rune == U'"' ? double_quoted() : single_quoted();
      part.text += raw;
      words.add_raw_text(raw);
    } else {
      add_plain(part, words);
    }
  }
  if (!stopped) invalid("unexpected end of statement while looking for matching " + to_text(stop));
  part.words = words.take();
  raw_escapes_ = outer_raw_escapes;
  --nesting_;
  return part;
}

void Expansion::add_plain(Part& part, WordCollector& words) {
  char32_t rune = runes_.next();
  if (rune != escape_) {
    words.add_char(rune);
  } else {
    if (raw_escapes_) {
      words.add_raw_char(rune);
      base::append_rune(part.text, rune);
    }
    rune = runes_.next();
    if (rune == kEnd) return;
    words.add_raw_char(rune);
  }
  base::append_rune(part.text, rune);
}

std::string Expansion::single_quoted() {
  std::string text;
  const char32_t quote = runes_.next();
  if (options_.raw_quotes) base::append_rune(text, quote);
  for (;;) {
    const char32_t rune = runes_.next();
    if (rune == kEnd) invalid("unexpected end of statement while looking for matching single-quote");
    if (rune != quote || options_.raw_quotes) base::append_rune(text, rune);
    if (rune == quote) return text;
  }
}

std::string Expansion::double_quoted() {
  std::string text;
  const char32_t quote = runes_.next();
  if (options_.raw_quotes) base::append_rune(text, quote);
  for (;;) {
    if (runes_.at_end()) invalid("unexpected end of statement while looking for matching double-quote");
    if (runes_.peek() == U'$') {
      text += variable();
      continue;
    }
    char32_t rune = runes_.next();
    if (rune == quote) {
      if (options_.raw_quotes) base::append_rune(text, rune);
      return text;
    }
    if (rune == escape_) {
      if (raw_escapes_) base::append_rune(text, rune);
      if (runes_.at_end()) continue;
      // Before anything else an escape character stands for itself.
      const char32_t next = runes_.peek();
      if (next == quote || next == U'$' || next == escape_) rune = runes_.next();
    }
    base::append_rune(text, rune);
  }
}

std::string Expansion::variable() {
  runes_.next();
  if (runes_.peek() == U'{') {
    runes_.next();
    return braced_variable();
  }
  const std::string variable_name = name();
  if (variable_name.empty()) return "$";
  const auto value = look_up(variable_name);
  if (!value && options_.skip_unset) return "$" + variable_name;
  return value.value_or("");
}

std::string Expansion::braced_variable() {
  if (runes_.at_end()) invalid("syntax error: missing '}'");
  if (runes_.peek() == U'{' || runes_.peek() == U'}' || runes_.peek() == U':')
    invalid("syntax error: bad substitution");
  const std::string variable_name = name();
  const char32_t sign = runes_.next();
  switch (sign) {
    case U'}': {
      const auto value = look_up(variable_name);
      if (!value && options_.skip_unset) return "${" + variable_name + "}";
      return value.value_or("");
    }
    case U':': {
      const char32_t second = runes_.next();
      return apply(variable_name, {second, ":" + to_text(second), true});
    }
    case U'+':
    case U'-':
    case U'?':
    case U'#':
    case U'%': return apply(variable_name, {sign, to_text(sign), false});
    case U'/': return replace(variable_name);
    default: invalid("unsupported modifier (" + to_text(sign) + ") in substitution");
  }
}

std::string Expansion::operand(char32_t stop, bool raw_escapes, const char* unfinished) {
  try {
    return until(stop, raw_escapes).text;
  } catch (base::Error&) {
    if (!runes_.at_end()) throw;
    invalid(unfinished);
  }
}

std::string Expansion::apply(const std::string& name, const Operator& op) {
  const bool trims = op.sign == U'#' || op.sign == U'%';
  if (trims && op.null_is_unset) invalid("unsupported modifier (" + op.text + ") in substitution");
  const std::string word = operand(U'}', trims, "syntax error: missing '}'");
  const auto value = look_up(name);
  if (!value && options_.skip_unset) return "${" + name + op.text + word + "}";
  const bool missing = !value || (op.null_is_unset && value->empty());
  switch (op.sign) {
    case U'-': return missing ? word : *value;
    case U'+': return missing ? std::string() : word;
    case U'?': return require(name, op, word, value);
    case U'#':
    case U'%': return trim(op.sign, word, value);
    default: invalid("unsupported modifier (" + op.text + ") in substitution");
  }
}

std::string Expansion::require(const std::string& name, const Operator& op, const std::string& word,
                               const std::optional<std::string>& value) {
  if (!value) invalid(name + ": " + (word.empty() ? "is not allowed to be unset" : word));
  if (op.null_is_unset && value->empty()) invalid(name + ": " + (word.empty() ? "is not allowed to be empty" : word));
  return *value;
}

std::string Expansion::trim(char32_t sign, std::string_view word, const std::optional<std::string>& value) {
  Reach reach = Reach::shortest;
  if (word.starts_with(static_cast<char>(sign))) {
    reach = Reach::longest;
    word.remove_prefix(1);
  }
  const std::string text = value.value_or("");
  return sign == U'%' ? trim_pattern_suffix(word, text, reach) : trim_pattern_prefix(word, text, reach);
}

std::string Expansion::replace(const std::string& name) {
  Occurrence occurrence = Occurrence::first;
  if (runes_.peek() == U'/') {
    runes_.next();
    occurrence = Occurrence::all;
  }
  const std::string pattern = operand(U'/', true, "syntax error: missing '/' in ${}");
  const std::string replacement = operand(U'}', true, "syntax error: missing '}'");
  const auto value = look_up(name);
  if (!value && options_.skip_unset) return "${" + name + "/" + pattern + "/" + replacement + "}";
  return replace_pattern(pattern, value.value_or(""), replacement, occurrence);
}

/// Letters, digits and `_`; a name that begins with a digit is all digits, a special parameter one character.
std::string Expansion::name() {
  std::string text;
  const char32_t first = runes_.peek();
  if (base::is_digit(first)) {
    while (!runes_.at_end() && base::is_digit(runes_.peek())) base::append_rune(text, runes_.next());
    return text;
  }
  if (is_special_parameter(first)) return to_text(runes_.next());
  while (!runes_.at_end()) {
    const char32_t rune = runes_.peek();
    if (!base::is_letter(rune) && !base::is_digit(rune) && rune != U'_') break;
    base::append_rune(text, runes_.next());
  }
  return text;
}

/// `<<` takes the blanks behind it along, so that the heredoc's name stays in the same word.
std::string Expansion::heredoc_start() {
  runes_.next();
  if (runes_.peek() != U'<') return "<";
  runes_.next();
  std::string text = "<<";
  while (runes_.peek() == U'\t' || runes_.peek() == U'\r' || runes_.peek() == U' ') {
    base::append_rune(text, runes_.next());
  }
  return text;
}

std::optional<std::string> Expansion::look_up(const std::string& name) {
  auto value = environment_.get(name);
  (value ? result_.matched : result_.unmatched).insert(name);
  return value;
}

}  // namespace

EnvironmentList::EnvironmentList(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    names_.push_back(entry.substr(0, equals));
    values_[names_.back()] = equals == entry.npos ? "" : entry.substr(equals + 1);
  }
}

std::optional<std::string> EnvironmentList::get(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

ExpandedWord ShellWords::expand(std::string_view word, const Environment& environment) const {
  return Expansion(word, escape_, options_, environment).run();
}

std::vector<std::string> ShellWords::split(std::string_view word, const Environment& environment) const {
  return expand(word, environment).words;
}

}  // namespace dockerfile
