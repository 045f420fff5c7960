// SPDX-License-Identifier: Apache-2.0
#pragma once
// A policy as it was read: modules, rules, bodies, terms. The parser makes them; resolve.h says what their names mean.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rego/value.h"

namespace rego {

struct Place {
  int line = 0;
  int column = 0;
};

struct Term;
struct Literal;
struct Builtin;
class RuleNode;
using TermPtr = std::unique_ptr<Term>;
using Body = std::vector<Literal>;
/// Slots of variables in the frame of a rule.
using Slots = std::vector<int>;

enum class TermKind : std::uint8_t {
  constant,
  variable,
  reference,             ///< items: what is looked into, then the keys
  array,                 ///< items
  set,                   ///< items
  object,                ///< items: key, value, key, value …
  call,                  ///< items: arguments
  array_comprehension,   ///< items: the element
  set_comprehension,     ///< items: the element
  object_comprehension,  ///< items: key, value
};

/// What a reference starts from.
enum class Root : std::uint8_t { term, input, data };

struct Term {
  TermKind kind = TermKind::constant;
  Place place;
  Value value;       ///< constant
  std::string name;  ///< variable; call: the function as written
  std::vector<TermPtr> items;
  std::unique_ptr<Body> body;  ///< comprehension

  // What resolve.h adds.
  int slot = -1;                     ///< variable
  Root root = Root::term;            ///< reference; with input and data, items are keys only
  const Builtin* builtin = nullptr;  ///< call
  const RuleNode* rules = nullptr;   ///< call of a function that the policy defines
  Slots needs;                       ///< must be bound before this has a value
  Slots gives;                       ///< are bound by looking for its values
};

struct With {
  TermPtr target;  ///< a reference or variable
  TermPtr value;
  // What resolve.h adds: a path of input or data, or a function and maybe another one in its place.
  Root root = Root::term;
  std::vector<Value> path;
  std::string function;
  const Builtin* by_builtin = nullptr;
  const RuleNode* by_rules = nullptr;
};

enum class LiteralKind : std::uint8_t { term, unify, assign, declare, some_in, every };

struct Literal {
  LiteralKind kind = LiteralKind::term;
  Place place;
  bool negated = false;
  TermPtr left;                    ///< term; unify and assign: left side; some_in and every: the collection
  TermPtr right;                   ///< unify and assign: right side
  TermPtr key;                     ///< some_in and every: nullptr when there is none
  TermPtr value;                   ///< some_in and every
  std::vector<std::string> names;  ///< declare
  std::unique_ptr<Body> body;      ///< every
  std::vector<With> with;
  Slots needs;  ///< of every: what its body reads of the variables around it
};

/// A body with what the rule is worth where it holds; `else` makes several of them.
struct Branch {
  Place place;
  TermPtr value;  ///< nullptr = true
  Body body;      ///< empty: it always holds
};

struct Rule {
  Place place;
  std::shared_ptr<const std::string> file;
  std::string name;           ///< as written: "allow", "ports[p]"
  std::vector<TermPtr> head;  ///< the name's elements; the first is a constant
  bool is_default = false;
  bool is_function = false;
  bool is_set = false;
  std::vector<TermPtr> arguments;
  TermPtr element;  ///< of a set
  std::vector<Branch> branches;

  // What resolve.h adds.
  std::vector<std::string> path;  ///< below data, as far as it is constant
  std::vector<TermPtr> keys;      ///< what of the head is behind that
  int slots = 0;

  std::string where() const;  ///< "policy.rego:3"
};

struct Import {
  Place place;
  std::vector<std::string> path;  ///< "data", …
  std::string alias;
};

struct Module {
  std::shared_ptr<const std::string> file;
  std::vector<std::string> package;
  Place package_place;
  std::vector<Import> imports;
  std::vector<std::unique_ptr<Rule>> rules;
};

}  // namespace rego
