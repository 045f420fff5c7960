// SPDX-License-Identifier: Apache-2.0
#include "rego/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"

namespace rego {
namespace {

constexpr std::array<std::string_view, 14> kKeywords{"package", "import", "default", "else",  "not",   "some", "with",
                                                     "as",      "null",   "true",    "false", "every", "in",   "if"};
constexpr int kMaxTemplates = 16;
constexpr std::array<std::string_view, 6> kPairs{":=", "==", "!=", "<=", ">=", "::"};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  std::vector<Token> run() {
    if (!base::is_utf8(text_)) fail_at(file_, {1, 1}, "the text is not UTF-8");
    std::vector<Token> tokens;
    do {
      read_next(tokens);
    } while (tokens.back().kind != TokenKind::end);
    return tokens;
  }

 private:
  char here(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  [[noreturn]] void fail(std::string_view why) const { fail_at(file_, place(), why); }
  Place place() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  void skip_blanks(Token& token) {
    while (!at_end()) {
      if (here() == '#') {
        while (!at_end() && here() != '\n') step();
      } else if (here() == '\n') {
        token.new_line = true;
        step();
      } else if (here() == ' ' || here() == '\t' || here() == '\r') {
        step();
      } else {
        return;
      }
      token.spaced = true;
    }
  }

  /// One token, or those of a whole template.
  void read_next(std::vector<Token>& tokens) {
    tokens.push_back(next());
    if (tokens.back().kind == TokenKind::symbol && tokens.back().text == "$") read_template(tokens);
  }

  /// $"text {expression} text": the symbol $, a string, and for each expression ${, its tokens, }$ and a string.
  void read_template(std::vector<Token>& tokens) {
    if (++templates_ > kMaxTemplates) fail(base::format("templates nested deeper than {} levels", kMaxTemplates));
    const Place start = tokens.back().place;
    const char quote = here();
    step();
    while (read_chunk(tokens, quote, start)) {
      tokens.push_back({.kind = TokenKind::symbol, .place = place(), .text = "${"});
      step();
      after_operand_ = false;
      for (int depth = 1; depth > 0;) {
        read_next(tokens);
        if (tokens.back().kind == TokenKind::end) fail_at(file_, start, "the template does not end");
        if (tokens.back().kind != TokenKind::symbol) continue;
        if (tokens.back().text == "{") ++depth;
        if (tokens.back().text == "}") --depth;
      }
      tokens.back().text = "}$";
    }
    step();
    after_operand_ = true;
    --templates_;
  }

  /// Text up to an expression (true) or the end of the template.
  bool read_chunk(std::vector<Token>& tokens, char quote, Place start) {
    Token token;
    token.kind = TokenKind::string;
    token.place = place();
    std::string text;
    while (here() != quote && here() != '{') {
      if (at_end() || (here() == '\n' && quote == '"')) fail_at(file_, start, "the template does not end");
      if (here() == '\\' && here(1) == '{') {
        step();
      } else if (here() == '\\' && quote == '"') {
        text += here();
        step();
        if (at_end()) continue;
      }
      text += here();
      step();
    }
    token.text = quote == '"' ? unescaped("\"" + text + "\"", token.place) : base::replace_all(text, "\r", "");
    token.value = Value(token.text);
    tokens.push_back(std::move(token));
    return here() == '{';
  }

  Token next() {
    Token token;
    token.spaced = at_ == 0;
    skip_blanks(token);
    token.place = place();
    if (at_end()) return token;
    if (is_name_start(here())) {
      read_name(token);
    } else if (is_digit(here()) || (here() == '-' && is_digit(here(1)) && !after_operand_)) {
      read_number(token);
    } else if (here() == '"') {
      read_string(token);
    } else if (here() == '`') {
      read_raw(token);
    } else {
      read_symbol(token);
    }
    after_operand_ = token.kind == TokenKind::name || token.kind == TokenKind::number ||
                     token.kind == TokenKind::string || token.text == ")" || token.text == "]" || token.text == "}";
    return token;
  }

  void read_name(Token& token) {
    const std::size_t start = at_;
    while (is_name_start(here()) || is_digit(here())) step();
    token.text = text_.substr(start, at_ - start);
    const bool reserved = std::find(kKeywords.begin(), kKeywords.end(), token.text) != kKeywords.end();
    token.kind = reserved ? TokenKind::keyword : TokenKind::name;
  }

  void read_number(Token& token) {
    const std::size_t start = at_;
    if (here() == '-') step();
    if (here() == '0' && is_digit(here(1))) fail("a number must not start with 0");
    while (is_digit(here())) step();
    bool whole = true;
    if (here() == '.' && is_digit(here(1))) {
      whole = false;
      step();
      while (is_digit(here())) step();
    }
    if (here() == 'e' || here() == 'E') {
      whole = false;
      step();
      if (here() == '+' || here() == '-') step();
      if (!is_digit(here())) fail("a number's exponent has no digits");
      while (is_digit(here())) step();
    }
    if (is_name_start(here())) fail("a number runs into a name");
    token.kind = TokenKind::number;
    token.text = text_.substr(start, at_ - start);
    if (whole) {
      const auto integer = base::parse_int(token.text);
      if (!integer) fail_at(file_, token.place, "a number beyond 64 bits is not supported");
      token.value = Value(*integer);
      return;
    }
    double value = 0;
    const auto read = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (read.ec != std::errc()) fail_at(file_, token.place, "this number cannot be held");
    token.value = Value(value);
  }

  void read_string(Token& token) {
    const std::size_t start = at_;
    step();
    while (here() != '"') {
      if (at_end() || here() == '\n') fail_at(file_, token.place, "the string does not end on its line");
      if (here() == '\\') step();
      if (!at_end() && here() != '\n') step();
    }
    step();
    token.text = unescaped(text_.substr(start, at_ - start), token.place);
    token.kind = TokenKind::string;
    token.value = Value(token.text);
  }

  /// JSON's escapes are the language's.
  std::string unescaped(std::string_view quoted, Place place) const {
    try {
      return base::Json::parse(quoted).as_string();
    } catch (const base::Error&) {
      fail_at(file_, place, "the string has an escape that is not known");
    }
  }

  void read_raw(Token& token) {
    step();
    const std::size_t start = at_;
    while (!at_end() && here() != '`') step();
    if (at_end()) fail_at(file_, token.place, "the raw string does not end");
    token.kind = TokenKind::string;
    token.text = base::replace_all(text_.substr(start, at_ - start), "\r", "");
    token.value = Value(token.text);
    step();
  }

  void read_symbol(Token& token) {
    token.kind = TokenKind::symbol;
    if (here() == '$' && (here(1) == '"' || here(1) == '`')) {
      token.text = "$";
      step();
      return;
    }
    const std::string_view pair = text_.substr(at_, 2);
    const bool is_pair = std::find(kPairs.begin(), kPairs.end(), pair) != kPairs.end();
    token.text = text_.substr(at_, is_pair ? 2 : 1);
    if (!is_pair && std::string_view("=<>+-*/%&|()[]{},.:;").find(here()) == std::string_view::npos) {
      fail(base::format("'{}' has no meaning here", token.text));
    }
    for (std::size_t i = 0; i < token.text.size(); ++i) step();
  }

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  bool after_operand_ = false;
  int templates_ = 0;
};

}  // namespace

void fail_at(std::string_view file, Place place, std::string_view why) {
  base::fail(base::Code::invalid_argument, "{}:{}:{}: {}", file, place.line, place.column, why);
}

std::vector<Token> tokenize(std::string_view text, std::string_view file) { return Lexer(text, file).run(); }

}  // namespace rego
