// SPDX-License-Identifier: Apache-2.0
// Holding terms and values against each other, binding the variables that have none yet.
#include <algorithm>

#include "base/error.h"
#include "rego/evaluator.h"

namespace rego {
namespace {
constexpr std::uint64_t kWeightsPerStep = 16;
}

bool Evaluator::equal(const Value& left, const Value& right) {
  budget_.charge(std::min(left.weight(), right.weight()) / kWeightsPerStep);
  return left == right;
}

bool Evaluator::unify(const Term& left, const Term& right, Found found) {
  if (is_bound(left.needs)) {
    return each(left, [&](const Value& value) { return match(right, value, found); });
  }
  if (is_bound(right.needs)) {
    return each(right, [&](const Value& value) { return match(left, value, found); });
  }
  // Compile time saw to it that these are arrays or objects of one size.
  if (left.kind != right.kind || left.items.size() != right.items.size()) return true;
  std::vector<bool> done(left.items.size(), false);
  return unify_items(left, right, done, found);
}

bool Evaluator::unify_items(const Term& left, const Term& right, std::vector<bool>& done, Found found) {
  step();
  std::size_t next = done.size();
  for (std::size_t i = 0; i < done.size() && next == done.size(); ++i) {
    if (!done[i] && (is_bound(left.items[i]->needs) || is_bound(right.items[i]->needs))) next = i;
  }
  if (next == done.size()) {
    next = static_cast<std::size_t>(std::find(done.begin(), done.end(), false) - done.begin());
    if (next == done.size()) return found();
  }
  done[next] = true;
  const bool go_on =
      unify(*left.items[next], *right.items[next], [&] { return unify_items(left, right, done, found); });
  done[next] = false;
  return go_on;
}

bool Evaluator::match(const Term& pattern, const Value& value, Found found) {
  step();
  switch (pattern.kind) {
    case TermKind::constant: return !equal(pattern.value, value) || found();
    case TermKind::variable: {
      const auto& slot = frame_->slots[static_cast<std::size_t>(pattern.slot)];
      if (slot) return !equal(*slot, value) || found();
      const std::size_t mark = frame_->bound.size();
      bind(pattern.slot, known(value));
      const bool go_on = found();
      unbind_to(mark);
      return go_on;
    }
    case TermKind::array:
      if (!value.is_array() || value.array().size() != pattern.items.size()) return true;
      return match_items(pattern, value, 0, found);
    case TermKind::object:
      if (!value.is_object() || value.object().size() != pattern.items.size() / 2) return true;
      return match_members(pattern, value, 0, found);
    default: return each(pattern, [&](const Value& other) { return !equal(other, value) || found(); });
  }
}

bool Evaluator::match_items(const Term& pattern, const Value& value, std::size_t place, Found found) {
  if (place == pattern.items.size()) return found();
  return match(*pattern.items[place], value.array()[place],
               [&] { return match_items(pattern, value, place + 1, found); });
}

bool Evaluator::match_members(const Term& pattern, const Value& value, std::size_t place, Found found) {
  if (place == pattern.items.size()) return found();
  return each(*pattern.items[place], [&](const Value& key) {
    const auto member = value.get(key);
    return !member || match(*pattern.items[place + 1], known(*member),
                            [&] { return match_members(pattern, value, place + 2, found); });
  });
}

bool Evaluator::match_all(const std::vector<TermPtr>& patterns, Arguments values, std::size_t place, Found found) {
  if (place == patterns.size()) return found();
  return match(*patterns[place], values[place], [&] { return match_all(patterns, values, place + 1, found); });
}

}  // namespace rego
