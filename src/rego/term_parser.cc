// SPDX-License-Identifier: Apache-2.0
#include "rego/term_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.h"

namespace rego {
namespace {

constexpr int kMaxNesting = 64;
constexpr std::size_t kMaxKeys = 128;

using Operators = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string_view operator_named(const Token& token, const Operators& operators) {
  if (token.kind != TokenKind::symbol) return {};
  for (const auto& [symbol, name] : operators) {
    if (token.text == symbol) return name;
  }
  return {};
}

bool all_constant(const Term& term) {
  return std::all_of(term.items.begin(), term.items.end(),
                     [](const TermPtr& item) { return item->kind == TermKind::constant; });
}

}  // namespace

/// Text that nests without end must not take the stack.
class TermParser::Deeper {
 public:
  explicit Deeper(TermParser& parser) : parser_(parser) {
    if (++parser_.depth_ > kMaxNesting) parser_.fail(base::format("nested deeper than {} levels", kMaxNesting));
  }
  ~Deeper() { --parser_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  TermParser& parser_;
};

TermPtr make_term(TermKind kind, Place place) {
  auto term = std::make_unique<Term>();
  term->kind = kind;
  term->place = place;
  return term;
}

TermPtr make_constant(Value value, Place place) {
  auto term = make_term(TermKind::constant, place);
  term->value = std::move(value);
  return term;
}

TermPtr make_call(std::string name, Place place, std::vector<TermPtr> arguments) {
  auto term = make_term(TermKind::call, place);
  term->name = std::move(name);
  term->items = std::move(arguments);
  return term;
}

TermPtr folded(TermPtr term) {
  if (!all_constant(*term)) return term;
  if (term->kind == TermKind::array) {
    Value::Array items;
    for (auto& item : term->items) items.push_back(item->value);
    return make_constant(Value(std::move(items)), term->place);
  }
  if (term->kind == TermKind::set) {
    Value::Set items;
    for (auto& item : term->items) items.insert(item->value);
    return make_constant(Value(std::move(items)), term->place);
  }
  if (term->kind != TermKind::object) return term;
  Value::Object members;
  for (std::size_t i = 0; i < term->items.size(); i += 2) {
    members.insert_or_assign(term->items[i]->value, term->items[i + 1]->value);
  }
  return make_constant(Value(std::move(members)), term->place);
}

TermParser::TermParser(std::string_view text, std::string_view file) : file_(file), tokens_(tokenize(text, file)) {}

bool TermParser::take_symbol(std::string_view text) {
  if (!is_symbol(text)) return false;
  step();
  return true;
}

bool TermParser::take_keyword(std::string_view text) {
  if (!is_keyword(text)) return false;
  step();
  return true;
}

void TermParser::want_symbol(std::string_view text, std::string_view after) {
  if (!take_symbol(text)) unexpected(base::format("'{}' after {}", text, after));
}

void TermParser::unexpected(std::string_view wanted) const {
  if (here().kind == TokenKind::end) fail(base::format("the text ends where {} is wanted", wanted));
  fail(base::format("'{}' stands where {} is wanted", here().text, wanted));
}

TermPtr TermParser::parse_in(TermPtr left) {
  const Deeper deeper(*this);
  left = parse_relation(std::move(left));
  while (is_keyword("in")) {
    const Place place = step().place;
    std::vector<TermPtr> arguments;
    arguments.push_back(std::move(left));
    arguments.push_back(parse_relation(nullptr));
    left = make_call("internal.member_2", place, std::move(arguments));
  }
  return left;
}

namespace {

/// left (operator right)*: what every binary operator of one precedence is.
template <typename Operand, typename Here, typename Step>
TermPtr infix(TermPtr left, const Operators& operators, const Operand& operand, const Here& here, const Step& step) {
  left = operand(std::move(left));
  for (;;) {
    const std::string_view name = operator_named(here(), operators);
    if (name.empty()) return left;
    const Place place = step().place;
    std::vector<TermPtr> arguments;
    arguments.push_back(std::move(left));
    arguments.push_back(operand(nullptr));
    left = make_call(std::string(name), place, std::move(arguments));
  }
}

}  // namespace

TermPtr TermParser::parse_relation(TermPtr first) {
  return infix(
      std::move(first), {{"==", "equal"}, {"!=", "neq"}, {"<", "lt"}, {"<=", "lte"}, {">", "gt"}, {">=", "gte"}},
      [this](TermPtr left) { return parse_union(std::move(left)); }, [this]() -> auto& { return here(); },
      [this]() -> auto& { return step(); });
}

TermPtr TermParser::parse_union(TermPtr first) {
  return infix(
      std::move(first), {{"|", "or"}}, [this](TermPtr left) { return parse_intersection(std::move(left)); },
      [this]() -> auto& { return here(); }, [this]() -> auto& { return step(); });
}

TermPtr TermParser::parse_intersection(TermPtr first) {
  return infix(
      std::move(first), {{"&", "and"}}, [this](TermPtr left) { return parse_sum(std::move(left)); },
      [this]() -> auto& { return here(); }, [this]() -> auto& { return step(); });
}

TermPtr TermParser::parse_sum(TermPtr first) {
  return infix(
      std::move(first), {{"+", "plus"}, {"-", "minus"}},
      [this](TermPtr left) { return parse_product(std::move(left)); }, [this]() -> auto& { return here(); },
      [this]() -> auto& { return step(); });
}

TermPtr TermParser::parse_product(TermPtr first) {
  return infix(
      std::move(first), {{"*", "mul"}, {"/", "div"}, {"%", "rem"}},
      [this](TermPtr left) { return left ? std::move(left) : parse_term(); }, [this]() -> auto& { return here(); },
      [this]() -> auto& { return step(); });
}

TermPtr TermParser::parse_term() {
  const Deeper deeper(*this);
  return parse_keys(parse_primary());
}

TermPtr TermParser::parse_primary() {
  const Token& token = here();
  switch (token.kind) {
    case TokenKind::string:
    case TokenKind::number: return make_constant(step().value, token.place);
    case TokenKind::name: return parse_name();
    case TokenKind::keyword:
      if (token.text == "null") return make_constant(Value(), step().place);
      if (token.text == "true" || token.text == "false") {
        return make_constant(Value(token.text == "true"), step().place);
      }
      unexpected("a term");
    case TokenKind::symbol:
      if (token.text == "[") return parse_array();
      if (token.text == "{") return parse_braces();
      if (token.text == "(") return parse_parentheses();
      if (token.text == "$") return parse_template();
      unexpected("a term");
    case TokenKind::end: break;
  }
  unexpected("a term");
}

TermPtr TermParser::parse_name() {
  auto term = make_term(TermKind::variable, here().place);
  term->name = step().text;
  return term;
}

/// What directly follows a term: .name, [term], (arguments).
TermPtr TermParser::parse_keys(TermPtr term) {
  bool is_dotted = term->kind == TermKind::variable;  // only names so far: a function may be called by them
  for (;;) {
    if (here().spaced || here().kind != TokenKind::symbol) return term;
    if (here().text == "(") {
      if (!is_dotted) fail("only a function can be called");
      term = parse_call(*term);
      is_dotted = false;
      continue;
    }
    if (here().text != "." && here().text != "[") return term;
    if (term->kind != TermKind::reference) {
      auto reference = make_term(TermKind::reference, term->place);
      reference->items.push_back(std::move(term));
      term = std::move(reference);
    }
    if (term->items.size() > kMaxKeys) fail("the reference has too many keys");
    const bool is_dot = step().text == ".";
    if (is_dot) {
      if (here().kind != TokenKind::name && here().kind != TokenKind::keyword) unexpected("a name after '.'");
      term->items.push_back(make_constant(Value(here().text), here().place));
      step();
    } else {
      term->items.push_back(parse_expression());
      want_symbol("]", "a key");
      is_dotted = false;
    }
  }
}

TermPtr TermParser::parse_call(const Term& function) {
  std::string name = function.name;
  if (function.kind == TermKind::reference) {
    name = function.items[0]->name;
    for (std::size_t i = 1; i < function.items.size(); ++i) name += "." + function.items[i]->value.string();
  }
  step();
  auto arguments = parse_terms(")");
  if (name == "set" && arguments.empty()) return make_constant(Value(Value::Set{}), function.place);
  return make_call(std::move(name), function.place, std::move(arguments));
}

std::vector<TermPtr> TermParser::parse_terms(std::string_view close, TermPtr first) {
  std::vector<TermPtr> terms;
  if (first) {
    terms.push_back(std::move(first));
    if (take_symbol(close)) return terms;
    want_symbol(",", "an element");
  }
  while (!take_symbol(close)) {
    terms.push_back(parse_expression());
    if (take_symbol(close)) return terms;
    want_symbol(",", "an element");
  }
  return terms;
}

TermPtr TermParser::parse_comprehension(TermKind kind, Place place, std::vector<TermPtr> head, std::string_view close) {
  auto term = make_term(kind, place);
  term->items = std::move(head);
  step();
  term->body = std::make_unique<Body>(parse_body(close));
  return term;
}

namespace {
std::vector<TermPtr> terms_of(TermPtr first, TermPtr second = nullptr) {
  std::vector<TermPtr> terms;
  terms.push_back(std::move(first));
  if (second) terms.push_back(std::move(second));
  return terms;
}
}  // namespace

TermPtr TermParser::parse_array() {
  const Place place = step().place;
  auto array = make_term(TermKind::array, place);
  if (take_symbol("]")) return folded(std::move(array));
  auto first = parse_term();
  if (is_symbol("|")) return parse_comprehension(TermKind::array_comprehension, place, terms_of(std::move(first)), "]");
  array->items = parse_terms("]", parse_in(std::move(first)));
  return folded(std::move(array));
}

TermPtr TermParser::parse_braces() {
  const Place place = step().place;
  if (take_symbol("}")) return folded(make_term(TermKind::object, place));
  auto first = parse_term();
  if (is_symbol("|")) return parse_comprehension(TermKind::set_comprehension, place, terms_of(std::move(first)), "}");
  if (!is_symbol(":")) first = parse_in(std::move(first));
  if (take_symbol(":")) return parse_object(std::move(first), place);
  auto set = make_term(TermKind::set, place);
  set->items = parse_terms("}", std::move(first));
  return folded(std::move(set));
}

TermPtr TermParser::parse_object(TermPtr key, Place place) {
  auto value = parse_term();
  if (is_symbol("|")) {
    return parse_comprehension(TermKind::object_comprehension, place, terms_of(std::move(key), std::move(value)), "}");
  }
  auto object = make_term(TermKind::object, place);
  object->items = terms_of(std::move(key), parse_in(std::move(value)));
  while (!take_symbol("}")) {
    want_symbol(",", "a member");
    if (take_symbol("}")) break;
    object->items.push_back(parse_expression());
    want_symbol(":", "a member's key");
    object->items.push_back(parse_expression());
  }
  return folded(std::move(object));
}

TermPtr TermParser::parse_parentheses() {
  step();
  auto term = parse_expression();
  if (take_symbol(",")) {  // (key, value in collection)
    std::vector<TermPtr> arguments = terms_of(std::move(term), parse_relation(nullptr));
    const Place place = here().place;
    if (!take_keyword("in")) unexpected("'in'");
    arguments.push_back(parse_relation(nullptr));
    term = make_call("internal.member_3", place, std::move(arguments));
  }
  want_symbol(")", "a term");
  return term;
}

/// Text, and sets with the one value (or none) of each expression.
TermPtr TermParser::parse_template() {
  const Place place = step().place;
  auto parts = make_term(TermKind::array, place);
  parts->items.push_back(make_constant(step().value, place));
  while (is_symbol("${")) {
    const Place start = step().place;
    const auto variable = [&] {
      auto term = make_term(TermKind::variable, start);
      term->name = "of the template";
      return term;
    };
    auto set = make_term(TermKind::set_comprehension, start);
    set->items.push_back(variable());
    Literal literal;
    literal.kind = LiteralKind::assign;
    literal.place = start;
    literal.left = variable();
    literal.right = parse_expression();
    want_symbol("}$", "an expression");
    set->body = std::make_unique<Body>();
    set->body->push_back(std::move(literal));
    parts->items.push_back(std::move(set));
    parts->items.push_back(make_constant(step().value, place));
  }
  std::vector<TermPtr> arguments;
  arguments.push_back(folded(std::move(parts)));
  return make_call("internal.template_string", place, std::move(arguments));
}

Body TermParser::parse_body(std::string_view close) {
  const Deeper deeper(*this);
  Body body;
  while (take_symbol(";")) {
  }
  for (;;) {
    body.push_back(parse_literal());
    bool parted = here().new_line;
    while (take_symbol(";")) parted = true;
    if (take_symbol(close)) return body;
    if (!parted) unexpected("a new line or ';'");
  }
}

Literal TermParser::parse_literal() {
  Literal literal;
  literal.place = here().place;
  if (take_keyword("not")) literal.negated = true;
  if (is_keyword("some")) {
    if (literal.negated) fail("'not some' has no meaning");
    parse_some(literal);
  } else if (is_keyword("every")) {
    if (literal.negated) fail("'not every' has no meaning");
    parse_every(literal);
  } else {
    parse_plain(literal);
  }
  parse_with(literal);
  return literal;
}

void TermParser::parse_some(Literal& literal) {
  step();
  std::vector<TermPtr> terms;
  do {
    terms.push_back(parse_relation(nullptr));
  } while (take_symbol(","));
  if (take_keyword("in")) {
    if (terms.size() > 2) fail("'some … in' takes a value, or a key and a value");
    literal.kind = LiteralKind::some_in;
    if (terms.size() == 2) literal.key = std::move(terms[0]);
    literal.value = std::move(terms.back());
    literal.left = parse_relation(nullptr);
    return;
  }
  literal.kind = LiteralKind::declare;
  for (const auto& term : terms) {
    if (term->kind != TermKind::variable) fail_at(file_, term->place, "'some' declares variables; 'in' is missing");
    literal.names.push_back(term->name);
  }
}

void TermParser::parse_every(Literal& literal) {
  step();
  literal.kind = LiteralKind::every;
  literal.value = parse_term();
  if (take_symbol(",")) {
    literal.key = std::move(literal.value);
    literal.value = parse_term();
  }
  for (const Term* term : {literal.key.get(), literal.value.get()}) {
    if (term && term->kind != TermKind::variable) fail_at(file_, term->place, "'every' takes names for key and value");
  }
  if (!take_keyword("in")) unexpected("'in'");
  literal.left = parse_relation(nullptr);
  want_symbol("{", "what 'every' goes through");
  literal.body = std::make_unique<Body>(parse_body("}"));
}

void TermParser::parse_plain(Literal& literal) {
  literal.left = parse_expression();
  if (is_symbol(",")) {  // key, value in collection
    step();
    std::vector<TermPtr> arguments = terms_of(std::move(literal.left), parse_relation(nullptr));
    if (!is_keyword("in")) unexpected("'in'");
    const Place place = step().place;
    arguments.push_back(parse_relation(nullptr));
    literal.left = make_call("internal.member_3", place, std::move(arguments));
  }
  if (take_symbol(":=")) {
    if (literal.negated) fail("a negated literal cannot assign");
    literal.kind = LiteralKind::assign;
    literal.right = parse_expression();
  } else if (take_symbol("=")) {
    literal.kind = LiteralKind::unify;
    literal.right = parse_expression();
  }
}

void TermParser::parse_with(Literal& literal) {
  while (take_keyword("with")) {
    With with;
    with.target = parse_term();
    if (!take_keyword("as")) unexpected("'as'");
    with.value = parse_expression();
    literal.with.push_back(std::move(with));
  }
}

}  // namespace rego
