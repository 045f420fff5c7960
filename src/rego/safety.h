// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which variables must have a value before a literal can be looked at, and in which order a body is therefore gone
// through.
#include <set>
#include <string_view>

#include "rego/ast.h"

namespace rego {

using SlotSet = std::set<int>;

/// Fills in what the term needs and gives. Closures in it (comprehensions) have theirs already.
void note_slots(Term& term);
/// Puts the literals into an order in which each finds its variables bound, beginning with `bound`, and adds to it what
/// they bind. Throws invalid_argument for a variable that nothing binds.
void order_body(Body& body, SlotSet& bound, std::string_view file);
/// Throws unless the term has all it needs.
void require_bound(const Term& term, const SlotSet& bound, std::string_view file);
/// The slots that are read or bound; of a closure, those that it takes from around it.
SlotSet slots_of(const Body& body);
SlotSet slots_of(const Term& term);

}  // namespace rego
