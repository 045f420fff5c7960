// SPDX-License-Identifier: Apache-2.0
// The values of terms.
#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "rego/evaluator.h"

namespace rego {

std::string Evaluator::place_of(const Term& term) const {
  if (!frame_ || !frame_->rule) return "the policy";
  return base::format("{}:{}", *frame_->rule->file, term.place.line);
}

bool Evaluator::each(const Term& term, Next next) {
  switch (term.kind) {
    case TermKind::constant: return next(term.value);
    case TermKind::variable: {
      const auto value = frame_->slots[static_cast<std::size_t>(term.slot)];
      SLIP_CHECK(value.has_value());
      return next(*value);
    }
    case TermKind::reference: return each_reference(term, next);
    case TermKind::array:
    case TermKind::set:
    case TermKind::object:
    case TermKind::call: {
      std::vector<Value> values;
      return each_items(term, values, next);
    }
    default: return next(comprehend(term));
  }
}

/// Values of all items, then what the term makes of them.
bool Evaluator::each_items(const Term& term, std::vector<Value>& values, Next next) {
  step();
  if (values.size() < term.items.size()) {
    return each(*term.items[values.size()], [&](const Value& value) {
      values.push_back(value);
      const bool go_on = each_items(term, values, next);
      values.pop_back();
      return go_on;
    });
  }
  budget_.charge(values.size());
  if (term.kind == TermKind::call) return each_call(term, values, next);
  if (term.kind == TermKind::array) return next(Value(values));
  if (term.kind == TermKind::set) return next(Value(Value::Set(values.begin(), values.end())));
  Value::Object members;
  for (std::size_t i = 0; i < values.size(); i += 2) members.insert_or_assign(values[i], values[i + 1]);
  return next(Value(std::move(members)));
}

bool Evaluator::each_reference(const Term& term, Next next) {
  step();
  if (term.root == Root::term) {
    return each(*term.items[0], [&](const Value& value) { return each_inside(value, term, 1, next); });
  }
  if (term.root == Root::input) {
    const auto input = context_->input;
    return !input || each_inside(known(*input), term, 0, next);
  }
  return each_in_data({&program_.root(), query_.data, &context_->data}, term, 0, next);
}

bool Evaluator::each_inside(const Value& value, const Term& term, std::size_t place, Next next) {
  step();
  if (place == term.items.size()) return next(value);
  const Term& key = *term.items[place];
  const bool is_pattern = key.kind == TermKind::variable || key.kind == TermKind::array || key.kind == TermKind::object;
  if (is_pattern && !is_bound(key.needs)) {
    return each_entry(value, [&](const Value& found, const Value& member) {
      return match(key, found, [&] { return each_inside(member, term, place + 1, next); });
    });
  }
  return each(key, [&](const Value& wanted) {
    const auto member = value.get(wanted);
    return !member || each_inside(known(*member), term, place + 1, next);
  });
}

bool Evaluator::each_entry(const Value& value, FunctionRef<bool(const Value& key, const Value& member)> visit) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.array().size(); ++i) {
      if (!visit(Value(i), known(value.array()[i]))) return false;
    }
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.object()) {
      if (!visit(key, known(member))) return false;
    }
  } else if (value.is_set()) {
    for (const auto& item : value.set()) {
      if (!visit(item, item)) return false;
    }
  }
  return true;
}

bool Evaluator::each_call(const Term& term, Arguments arguments, Next next) {
  if (!context_->functions.empty()) {
    const std::string name = term.builtin ? std::string(term.builtin->name) : term.rules->path();
    const auto mock = context_->functions.find(name);
    if (mock != context_->functions.end()) return each_mocked(name, mock->second, term, arguments, next);
  }
  if (term.builtin) return each_builtin(*term.builtin, term, arguments, next);
  const auto value = function_value(*term.rules, arguments);
  return !value || next(*value);
}

/// What stands in for a function may call the one that it stands for.
bool Evaluator::each_mocked(const std::string& function, const FunctionMock& mock, const Term& term,
                            Arguments arguments, Next next) {
  if (mock.value) return next(*mock.value);
  if ((mock.rules ? mock.rules->arity() : mock.builtin->arguments.size()) != arguments.size()) return true;
  if (mock.builtin) return each_builtin(*mock.builtin, term, arguments, next);
  std::optional<Value> value;
  {
    Context context;
    context.input = context_->input;
    context.data = context_->data;
    context.functions = context_->functions;
    context.functions.erase(function);
    const RuleNode& rules = *mock.rules;
    const Replaced scope(context_, &context);
    value = function_value(rules, arguments);
  }
  return !value || next(*value);
}

bool Evaluator::each_builtin(const Builtin& builtin, const Term& term, Arguments arguments, Next next) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    require_read(builtin, arguments[i]);
    if (!fits(builtin, i, arguments[i])) return true;
  }
  if (builtin.name == "walk") {
    std::vector<Value> path;
    return each_walked(arguments[0], path, next);
  }
  const auto result =
      base::with_context([&] { return builtin_value(builtin, arguments); }, "{}: {}", place_of(term), builtin.name);
  return !result || next(known(*result));
}

namespace {

/// Functions that stumble over an unknown themselves, when they come to it.
bool reads_as_it_goes(const Builtin& builtin) {
  static constexpr std::array<std::string_view, 10> kNames{
      "equal", "neq", "lt", "lte", "gt", "gte", "internal.member_2", "internal.member_3", "object.get", "type_name"};
  return !builtin.call || builtin.name.starts_with("is_") ||
         std::find(kNames.begin(), kNames.end(), builtin.name) != kNames.end();
}

}  // namespace

/// What the function reads of its argument must be known.
void Evaluator::require_read(const Builtin& builtin, const Value& argument) {
  if (reads_as_it_goes(builtin)) return;
  const bool reads_keys = builtin.name == "object.keys" || builtin.name == "count";
  if (!reads_keys) return argument.require_known();
  each_entry(argument, [](const Value&, const Value&) { return true; });
}

std::optional<Value> Evaluator::builtin_value(const Builtin& builtin, Arguments arguments) {
  std::optional<Value> result;
  if (builtin.call) {
    result = builtin.call(builtins_, arguments);
  } else {
    const auto function = query_.functions.find(builtin.name);
    if (function == query_.functions.end()) base::fail(base::Code::failed_precondition, "it cannot be asked here");
    result = function->second(context_->input, arguments);
  }
  if (result) budget_.charge(result->is_string() ? result->weight() : 1);
  return result;
}

bool Evaluator::each_walked(const Value& value, std::vector<Value>& path, Next next) {
  step();
  budget_.charge(path.size());
  if (!next(Value(Value::Array{Value(path), value}))) return false;
  return each_entry(value, [&](const Value& key, const Value& member) {
    path.push_back(key);
    const bool go_on = each_walked(member, path, next);
    path.pop_back();
    return go_on;
  });
}

void Evaluator::print(const Term& term) {
  if (!query_.print) return;
  std::string line;
  for (const auto& item : term.items) {
    std::string text = "<undefined>";
    each(*item, [&](const Value& value) {
      text = value.is_string() ? value.string() : value.text();
      return false;
    });
    line += (line.empty() ? "" : " ") + text;
    budget_.charge(line.size());
  }
  query_.print(base::format("{}: {}", place_of(term), line));
}

Value Evaluator::comprehend(const Term& term) {
  Value::Array items;
  Value::Set set;
  Value::Object members;
  std::uint64_t weight = 0;
  const auto take = [&](const Value& value) {
    weight += value.weight();
    if (weight > (4U << 20))
      base::fail(base::Code::resource_exhausted, "{}: a value becomes too large", place_of(term));
    if (term.kind == TermKind::array_comprehension) items.push_back(value);
    if (term.kind == TermKind::set_comprehension) set.insert(value);
    return true;
  };
  const auto take_member = [&](const Value& key, const Value& value) {
    const auto [place, is_new] = members.emplace(key, value);
    if (!is_new && !equal(place->second, value)) {
      base::fail(base::Code::failed_precondition, "{}: an object gets two values for {:.60}", place_of(term),
                 key.text());
    }
    return take(value);
  };
  each_solution(*term.body, [&] {
    step();
    return each(*term.items[0], [&](const Value& first) {
      if (term.kind != TermKind::object_comprehension) return take(first);
      return each(*term.items[1], [&](const Value& value) { return take_member(first, value); });
    });
  });
  if (term.kind == TermKind::array_comprehension) return Value(std::move(items));
  if (term.kind == TermKind::set_comprehension) return Value(std::move(set));
  return Value(std::move(members));
}

}  // namespace rego
