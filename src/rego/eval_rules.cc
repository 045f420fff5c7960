// SPDX-License-Identifier: Apache-2.0
// The values of rules, and of the documents that they are parts of.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "rego/evaluator.h"

namespace rego {
namespace {

constexpr int kMaxDepth = 400;

[[noreturn]] void fail_conflict(const Rule& rule, const std::string& path, const Value& first, const Value& second) {
  base::fail(base::Code::failed_precondition, "{}: {} has two values: {:.60} and {:.60}", rule.where(), path,
             first.text(), second.text());
}

}  // namespace

/// Rules that need each other one by one must not take the stack.
class Evaluator::DepthScope {
 public:
  explicit DepthScope(Evaluator& evaluator, const RuleNode& node) : evaluator_(evaluator) {
    evaluator_.step();
    if (evaluator_.depth_ >= kMaxDepth) {
      base::fail(base::Code::resource_exhausted, "{}: rules and functions need each other more than {} deep",
                 node.path(), kMaxDepth);
    }
    ++evaluator_.depth_;
  }
  ~DepthScope() { --evaluator_.depth_; }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;

 private:
  Evaluator& evaluator_;
};

/// An object while it grows: of ports[host][port] := …, say.
struct Evaluator::NestedRule {
  std::optional<Value> value;
  std::optional<Value::Set> elements;
  std::map<Value, NestedRule> below;

  /// Throws where what is on the way is no object.
  NestedRule& at(const std::vector<Value>& keys, const Rule& rule, const std::string& path) {
    NestedRule* place = this;
    for (const auto& key : keys) {
      if (place->value || place->elements) fail_conflict(rule, path, place->take().value_or(Value()), key);
      place = &place->below[key];
    }
    return *place;
  }

  std::optional<Value> take() {
    if (elements) return Value(std::move(*elements));
    if (value) return value;
    Value::Object members;
    for (auto& [key, nested] : below) {
      if (auto member = nested.take()) members.emplace(key, std::move(*member));
    }
    return Value(std::move(members));
  }
};

bool Evaluator::each_in_data(const DataPoint& point, const Term& term, std::size_t place, Next next) {
  step();
  if (point.mock && point.mock->value) return each_inside(known(*point.mock->value), term, place, next);
  const bool has_rules = point.node && point.node->has_rules();
  const bool has_mocks = point.mock && !point.mock->below.empty();
  if (!point.node && !has_mocks) return !point.base || each_inside(known(*point.base), term, place, next);
  if (place == term.items.size() || has_rules) {
    const auto value = document(point);
    return !value || each_inside(*value, term, place, next);
  }
  const Term& key = *term.items[place];
  if (key.kind == TermKind::variable && !is_bound(key.needs)) {
    for (const auto& name : names_below(point)) {
      const bool go_on = match(key, name, [&] { return each_in_data(below(point, name), term, place + 1, next); });
      if (!go_on) return false;
    }
    return true;
  }
  return each(key, [&](const Value& name) { return each_in_data(below(point, name), term, place + 1, next); });
}

Evaluator::DataPoint Evaluator::below(const DataPoint& point, const Value& key) const {
  DataPoint result;
  if (point.node && key.is_string()) result.node = point.node->child(key.string());
  if (point.base) result.base = point.base->get(key);
  if (point.mock && point.mock->value) {
    result = {nullptr, point.mock->value->get(key), nullptr};
  } else if (point.mock) {
    const auto found = point.mock->below.find(key);
    if (found != point.mock->below.end()) result.mock = &found->second;
  }
  return result;
}

std::vector<Value> Evaluator::names_below(const DataPoint& point) const {
  Value::Set names;
  if (point.node) {
    for (const auto& [name, child] : point.node->children()) names.insert(Value(name));
  }
  if (point.base && point.base->is_object()) {
    for (const auto& [key, member] : point.base->object()) names.insert(key);
  }
  if (point.mock) {
    for (const auto& [key, mock] : point.mock->below) names.insert(key);
  }
  return {names.begin(), names.end()};
}

std::optional<Value> Evaluator::document(const DataPoint& point) {
  step();
  if (point.mock && point.mock->value) return point.mock->value;
  DataPoint source = point;
  if (point.node && point.node->has_rules()) {
    auto value = rule_value(*point.node);
    if (!point.mock || point.mock->below.empty()) return value;
    source = {nullptr, std::move(value), point.mock};
  }
  const bool has_mocks = source.mock && !source.mock->below.empty();
  if (!source.node && !has_mocks) return source.base;
  if (source.base && !source.base->is_object() && !has_mocks) return source.base;
  Value::Object members;
  for (const auto& name : names_below(source)) {
    if (auto member = document(below(source, name))) members.emplace(name, std::move(*member));
  }
  return Value(std::move(members));
}

std::optional<Value> Evaluator::rule_value(const RuleNode& node) {
  if (node.kind() == RuleNode::Kind::function) return std::nullopt;
  const auto known_value = context_->values.find(&node);
  if (known_value != context_->values.end()) return known_value->second;
  const DepthScope depth(*this, node);
  if (!context_->running.insert(&node).second) {
    base::fail(base::Code::failed_precondition, "{} needs its own value", node.path());
  }
  auto value = made_value(node);
  context_->running.erase(&node);
  return context_->values.emplace(&node, std::move(value)).first->second;
}

std::optional<Value> Evaluator::made_value(const RuleNode& node) {
  switch (node.kind()) {
    case RuleNode::Kind::set: return set_value(node);
    case RuleNode::Kind::object: return object_value(node);
    default: return single_value(node, {});
  }
}

std::optional<Value> Evaluator::single_value(const RuleNode& node, Arguments arguments) {
  std::optional<Value> result;
  const auto take = [&](const Rule& rule) {
    each_rule_value(rule, arguments, [&](const Value& value) {
      if (result && !equal(*result, value)) fail_conflict(rule, node.path(), *result, value);
      result = value;
      return true;
    });
  };
  for (const Rule* rule : node.rules()) take(*rule);
  if (!result && node.fallback()) take(*node.fallback());
  return result;
}

std::optional<Value> Evaluator::function_value(const RuleNode& node, Arguments arguments) {
  std::pair<const RuleNode*, std::vector<Value>> call{&node, {arguments.begin(), arguments.end()}};
  std::uint64_t weight = 0;
  bool is_known = true;
  for (const auto& argument : arguments) {
    weight += argument.weight();
    is_known = is_known && !argument.has_unknown();
  }
  // Looking an answer up compares arguments, which must not read what nobody asked about.
  const bool remember = is_known && weight < 1000;
  if (remember) {
    const auto known_result = context_->results.find(call);
    if (known_result != context_->results.end()) return known_result->second;
  }
  const DepthScope depth(*this, node);
  auto value = single_value(node, arguments);
  if (remember) context_->results.emplace(std::move(call), value);
  return value;
}

bool Evaluator::each_rule_value(const Rule& rule, Arguments arguments, Next next) {
  static const Value kTrue(true);
  Frame frame;
  frame.rule = &rule;
  frame.slots.resize(static_cast<std::size_t>(rule.slots));
  const Replaced scope(frame_, &frame);
  return match_all(rule.arguments, arguments, 0, [&] {
    for (const auto& branch : rule.branches) {
      bool holds = false;
      const bool go_on = each_solution(branch.body, [&] {
        const auto take = [&](const Value& value) {
          holds = true;
          return next(value);
        };
        return branch.value ? each(*branch.value, take) : take(kTrue);
      });
      if (!go_on) return false;
      if (holds) return true;
    }
    return true;
  });
}

void Evaluator::each_branch_solution(const Rule& rule, FunctionRef<void()> found) {
  Frame frame;
  frame.rule = &rule;
  frame.slots.resize(static_cast<std::size_t>(rule.slots));
  const Replaced scope(frame_, &frame);
  for (const auto& branch : rule.branches) {
    bool holds = false;
    each_solution(branch.body, [&] {
      holds = true;
      found();
      return true;
    });
    if (holds) return;
  }
}

Value Evaluator::set_value(const RuleNode& node) {
  Value::Set elements;
  for (const Rule* rule : node.rules()) {
    each_branch_solution(*rule, [&] {
      each(*rule->element, [&](const Value& element) {
        budget_.charge(1 + element.weight() / 16);
        elements.insert(element);
        return true;
      });
    });
  }
  return Value(std::move(elements));
}

Value Evaluator::object_value(const RuleNode& node) {
  NestedRule object;
  for (const Rule* rule : node.rules()) {
    each_branch_solution(*rule, [&] {
      std::vector<Value> keys;
      each_keyed(*rule, keys, [&](const Value& value) {
        budget_.charge(1 + value.weight() / 16);
        put(object.at(keys, *rule, node.path()), *rule, node.path(), value);
        return true;
      });
    });
  }
  add_children(node, object);
  return object.take().value_or(Value(Value::Object{}));
}

/// What a rule of an object says with the variables as they are, its keys in `keys`.
bool Evaluator::each_keyed(const Rule& rule, std::vector<Value>& keys, Next next) {
  if (keys.size() < rule.keys.size()) {
    return each(*rule.keys[keys.size()], [&](const Value& key) {
      keys.push_back(key);
      const bool go_on = each_keyed(rule, keys, next);
      keys.pop_back();
      return go_on;
    });
  }
  if (rule.is_set) return each(*rule.element, next);
  const auto& value = rule.branches[0].value;
  return value ? each(*value, next) : next(Value(true));
}

void Evaluator::put(NestedRule& at, const Rule& rule, const std::string& path, const Value& value) {
  const bool is_object = !at.below.empty();
  if (is_object || (at.value && rule.is_set) || (at.elements && !rule.is_set)) {
    fail_conflict(rule, path, at.take().value_or(Value()), value);
  }
  if (rule.is_set) {
    if (!at.elements) at.elements.emplace();
    at.elements->insert(value);
    return;
  }
  if (at.value && !equal(*at.value, value)) fail_conflict(rule, path, *at.value, value);
  at.value = value;
}

/// Two parts of an object at one key.
Value Evaluator::merged(const Rule& rule, const std::string& path, const Value& left, const Value& right) {
  if (left.is_set() && right.is_set()) {
    budget_.charge(left.count() + right.count());
    Value::Set elements = left.set();
    elements.insert(right.set().begin(), right.set().end());
    return Value(std::move(elements));
  }
  if (!left.is_object() || !right.is_object()) {
    if (!equal(left, right)) fail_conflict(rule, path, left, right);
    return left;
  }
  Value::Object members = left.object();
  for (const auto& [key, member] : right.object()) {
    const auto [place, is_new] = members.emplace(key, member);
    if (!is_new) place->second = merged(rule, path, place->second, member);
  }
  return Value(std::move(members));
}

/// Rules whose whole names are constant stand among those of p[x] := ….
void Evaluator::add_children(const RuleNode& node, NestedRule& object) {
  for (const auto& [name, child] : node.children()) {
    const auto value = document({child.get(), std::nullopt, nullptr});
    if (!value) continue;
    NestedRule& at = object.below[Value(name)];
    const bool is_new = !at.value && !at.elements && at.below.empty();
    if (is_new) {
      at.value = *value;
      continue;
    }
    at.value = merged(*node.rules().front(), child->path(), at.take().value_or(Value()), *value);
    at.elements.reset();
    at.below.clear();
  }
}

}  // namespace rego
