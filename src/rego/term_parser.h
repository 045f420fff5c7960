// SPDX-License-Identifier: Apache-2.0
#pragma once
// Terms, literals and bodies of Rego; parser.cc makes rules of them.
#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"
#include "rego/lexer.h"

namespace rego {

class TermParser {
 public:
  TermParser(std::string_view text, std::string_view file);

 protected:
  const Token& here() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& step() { return tokens_[here().kind == TokenKind::end ? at_ : at_++]; }
  bool is_symbol(std::string_view text) const { return here().kind == TokenKind::symbol && here().text == text; }
  bool is_keyword(std::string_view text) const { return here().kind == TokenKind::keyword && here().text == text; }
  bool is_name(std::string_view text) const { return here().kind == TokenKind::name && here().text == text; }
  bool take_symbol(std::string_view text);
  bool take_keyword(std::string_view text);
  void want_symbol(std::string_view text, std::string_view after);
  [[noreturn]] void fail(std::string_view why) const { fail_at(file_, here().place, why); }
  [[noreturn]] void unexpected(std::string_view wanted) const;

  TermPtr parse_expression() { return parse_in(nullptr); }
  TermPtr parse_term();
  /// Up to the closing symbol, which is taken.
  Body parse_body(std::string_view close);
  Literal parse_literal();
  /// Terms up to the closing symbol, which is taken.
  std::vector<TermPtr> parse_terms(std::string_view close, TermPtr first = nullptr);

  std::string_view file_;

 private:
  class Deeper;

  // One function for each precedence; `left` is a first operand that was read already.
  TermPtr parse_in(TermPtr left);
  TermPtr parse_relation(TermPtr left);
  TermPtr parse_union(TermPtr left);
  TermPtr parse_intersection(TermPtr left);
  TermPtr parse_sum(TermPtr left);
  TermPtr parse_product(TermPtr left);

  TermPtr parse_primary();
  TermPtr parse_name();
  TermPtr parse_keys(TermPtr term);
  TermPtr parse_call(const Term& function);
  TermPtr parse_array();
  TermPtr parse_braces();
  TermPtr parse_object(TermPtr key, Place place);
  TermPtr parse_comprehension(TermKind kind, Place place, std::vector<TermPtr> head, std::string_view close);
  TermPtr parse_parentheses();
  TermPtr parse_template();

  void parse_some(Literal& literal);
  void parse_every(Literal& literal);
  void parse_plain(Literal& literal);
  void parse_with(Literal& literal);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

TermPtr make_term(TermKind kind, Place place);
TermPtr make_constant(Value value, Place place);
/// A call of a built-in, as operators are.
TermPtr make_call(std::string name, Place place, std::vector<TermPtr> arguments);
/// The term, or the value that it is when all its elements are values.
TermPtr folded(TermPtr term);

}  // namespace rego
