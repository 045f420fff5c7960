// SPDX-License-Identifier: Apache-2.0
#include "rego/safety.h"

#include <algorithm>

#include "base/format.h"
#include "rego/lexer.h"

namespace rego {
namespace {

void add_all(SlotSet& set, const Slots& slots) { set.insert(slots.begin(), slots.end()); }

bool has_all(const SlotSet& bound, const Slots& slots) {
  return std::all_of(slots.begin(), slots.end(), [&](int slot) { return bound.contains(slot); });
}

struct Demand {
  SlotSet needs;
  SlotSet gives;
};

void demand_of(const Term& term, Demand& demand);

/// Of a term that a value is held against: variables in it take their part of the value.
void pattern_demand(const Term& term, Demand& demand) {
  if (term.kind == TermKind::variable) {
    demand.gives.insert(term.slot);
  } else if (term.kind == TermKind::array) {
    for (const auto& item : term.items) pattern_demand(*item, demand);
  } else if (term.kind == TermKind::object) {
    for (std::size_t i = 0; i < term.items.size(); i += 2) {
      demand_of(*term.items[i], demand);
      pattern_demand(*term.items[i + 1], demand);
    }
  } else {
    demand_of(term, demand);
  }
}

void demand_of(const Term& term, Demand& demand) {
  switch (term.kind) {
    case TermKind::variable: demand.needs.insert(term.slot); return;
    case TermKind::reference: {
      const std::size_t first = term.root == Root::term ? 1 : 0;
      if (first == 1) demand_of(*term.items[0], demand);
      for (std::size_t i = first; i < term.items.size(); ++i) pattern_demand(*term.items[i], demand);
      return;
    }
    case TermKind::array_comprehension:
    case TermKind::set_comprehension:
    case TermKind::object_comprehension: add_all(demand.needs, term.needs); return;
    default:
      for (const auto& item : term.items) demand_of(*item, demand);
  }
}

/// What is bound after `term` was looked at as a value, or as a pattern; nothing when it cannot be yet.
bool take(const Demand& demand, SlotSet& bound) {
  for (const int slot : demand.needs) {
    if (!bound.contains(slot) && !demand.gives.contains(slot)) return false;
  }
  bound.insert(demand.gives.begin(), demand.gives.end());
  return true;
}

bool evaluate_then_match(const Term& value, const Term& pattern, SlotSet& bound) {
  Demand demand;
  demand_of(value, demand);
  SlotSet after = bound;
  const bool ready =
      std::all_of(demand.needs.begin(), demand.needs.end(), [&](int slot) { return bound.contains(slot); });
  if (!ready) return false;
  after.insert(demand.gives.begin(), demand.gives.end());
  Demand rest;
  pattern_demand(pattern, rest);
  if (!take(rest, after)) return false;
  bound = std::move(after);
  return true;
}

bool unify_slots(const Term& left, const Term& right, SlotSet& bound) {
  if (evaluate_then_match(left, right, bound) || evaluate_then_match(right, left, bound)) return true;
  const bool pairs = left.kind == right.kind && left.items.size() == right.items.size() &&
                     (left.kind == TermKind::array || left.kind == TermKind::object);
  if (!pairs) return false;
  SlotSet after = bound;
  std::vector<bool> done(left.items.size(), false);
  for (std::size_t round = 0; round < done.size(); ++round) {
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (!done[i]) done[i] = unify_slots(*left.items[i], *right.items[i], after);
    }
  }
  if (std::find(done.begin(), done.end(), false) != done.end()) return false;
  bound = std::move(after);
  return true;
}

bool place_some(const Literal& literal, SlotSet& bound) {
  Demand demand;
  if (literal.key) pattern_demand(*literal.key, demand);
  pattern_demand(*literal.value, demand);
  demand.gives.insert(literal.left->gives.begin(), literal.left->gives.end());
  return take(demand, bound);
}

/// Binds what the literal binds; false when something it needs is not bound yet.
bool place_literal(const Literal& literal, SlotSet& bound) {
  for (const auto& with : literal.with) {
    if (with.value && !has_all(bound, with.value->needs)) return false;
  }
  if (literal.kind == LiteralKind::declare) return true;
  if (literal.negated) {
    // It binds nothing, so it must find everything bound.
    const Slots& left = literal.left->gives;
    const bool right = !literal.right || (has_all(bound, literal.right->needs) && has_all(bound, literal.right->gives));
    return right && has_all(bound, literal.left->needs) && has_all(bound, left);
  }
  if (literal.kind == LiteralKind::unify) return unify_slots(*literal.left, *literal.right, bound);
  if (!has_all(bound, literal.left->needs)) return false;
  if (literal.kind == LiteralKind::some_in) return place_some(literal, bound);
  if (literal.kind == LiteralKind::every && !has_all(bound, literal.needs)) return false;
  add_all(bound, literal.left->gives);
  return true;
}

void add_slots(const Term& term, SlotSet& slots) {
  if (term.kind == TermKind::variable) slots.insert(term.slot);
  if (term.body) return add_all(slots, term.needs);
  for (const auto& item : term.items) add_slots(*item, slots);
}

const Term* unbound_variable(const Term& term, const SlotSet& bound) {
  if (term.kind == TermKind::variable) return bound.contains(term.slot) ? nullptr : &term;
  for (const auto& item : term.items) {
    if (const Term* found = unbound_variable(*item, bound)) return found;
  }
  return nullptr;
}

[[noreturn]] void fail_unbound(const Term* variable, Place place, std::string_view file) {
  if (!variable) fail_at(file, place, "nothing gives the variables here a value");
  const std::string name =
      variable->name == "_" ? "a wildcard that is negated" : base::format("variable {}", variable->name);
  fail_at(file, variable->place, base::format("nothing gives {} a value", name));
}

[[noreturn]] void fail_unplaced(const Literal& literal, const SlotSet& bound, std::string_view file) {
  const Term* variable = nullptr;
  for (const Term* term : {literal.left.get(), literal.right.get(), literal.key.get(), literal.value.get()}) {
    if (term && !variable) variable = unbound_variable(*term, bound);
  }
  fail_unbound(variable, literal.place, file);
}

}  // namespace

void note_slots(Term& term) {
  if (term.body) return;
  Demand demand;
  demand_of(term, demand);
  term.needs.assign(demand.needs.begin(), demand.needs.end());
  term.gives.clear();
  for (const int slot : demand.gives) {
    if (!demand.needs.contains(slot)) term.gives.push_back(slot);
  }
}

void order_body(Body& body, SlotSet& bound, std::string_view file) {
  Body ordered;
  ordered.reserve(body.size());
  std::vector<bool> placed(body.size(), false);
  while (ordered.size() < body.size()) {
    std::size_t next = 0;
    while (next < body.size() && (placed[next] || !place_literal(body[next], bound))) ++next;
    if (next == body.size()) {
      const auto stuck = static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
      fail_unplaced(body[stuck], bound, file);
    }
    placed[next] = true;
    ordered.push_back(std::move(body[next]));
  }
  body = std::move(ordered);
}

void require_bound(const Term& term, const SlotSet& bound, std::string_view file) {
  if (!has_all(bound, term.needs)) fail_unbound(unbound_variable(term, bound), term.place, file);
}

SlotSet slots_of(const Term& term) {
  SlotSet slots;
  add_slots(term, slots);
  return slots;
}

SlotSet slots_of(const Body& body) {
  SlotSet slots;
  for (const auto& literal : body) {
    const bool is_every = literal.kind == LiteralKind::every;  // its key and value are its own
    for (const Term* term : {literal.left.get(), literal.right.get(), is_every ? nullptr : literal.key.get(),
                             is_every ? nullptr : literal.value.get()}) {
      if (term) add_slots(*term, slots);
    }
    for (const auto& with : literal.with) {
      if (with.value) add_slots(*with.value, slots);
    }
    add_all(slots, literal.needs);
  }
  return slots;
}

}  // namespace rego
