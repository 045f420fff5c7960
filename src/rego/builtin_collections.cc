// SPDX-License-Identifier: Apache-2.0
// Arrays, sets, what counts over them, and what kind a value is of.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/unicode.h"
#include "rego/builtins.h"

namespace rego {
namespace {

Value::Array elements_of(const Value& value) {
  return value.is_array() ? value.array() : Value::Array(value.set().begin(), value.set().end());
}

std::optional<Value> count(BuiltinContext&, Arguments args) {
  if (args[0].is_string()) return Value(base::decode_runes(args[0].string()).size());
  return args[0].is_collection() ? std::optional(Value(args[0].count())) : std::nullopt;
}

std::optional<Value> folded_numbers(BuiltinContext& context, Arguments args, int start, std::string_view operation) {
  const Builtin* combine = find_builtin(operation);
  Value total(start);
  for (const auto& item : elements_of(args[0])) {
    context.budget.charge(1);
    if (!item.is_number()) return std::nullopt;
    const std::array<Value, 2> pair{total, item};
    total = *combine->call(context, pair);
  }
  return total;
}
std::optional<Value> sum(BuiltinContext& context, Arguments args) { return folded_numbers(context, args, 0, "plus"); }
std::optional<Value> product(BuiltinContext& context, Arguments args) {
  return folded_numbers(context, args, 1, "mul");
}

std::optional<Value> largest(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  const auto items = elements_of(args[0]);
  return items.empty() ? std::nullopt : std::optional(*std::max_element(items.begin(), items.end()));
}
std::optional<Value> smallest(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  const auto items = elements_of(args[0]);
  return items.empty() ? std::nullopt : std::optional(*std::min_element(items.begin(), items.end()));
}
std::optional<Value> sorted(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight() * 4);
  auto items = elements_of(args[0]);
  std::stable_sort(items.begin(), items.end());
  return Value(std::move(items));
}

std::optional<Value> array_concat(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].count() + args[1].count());
  Value::Array items = args[0].array();
  items.insert(items.end(), args[1].array().begin(), args[1].array().end());
  return Value(std::move(items));
}
std::optional<Value> array_slice(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].count());
  const auto size = static_cast<std::int64_t>(args[0].count());
  const std::int64_t from = std::clamp<std::int64_t>(args[1].integer(), 0, size);
  const std::int64_t to = std::clamp<std::int64_t>(args[2].integer(), from, size);
  return Value(Value::Array(args[0].array().begin() + from, args[0].array().begin() + to));
}
std::optional<Value> array_reverse(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].count());
  return Value(Value::Array(args[0].array().rbegin(), args[0].array().rend()));
}
std::optional<Value> array_flatten(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  Value::Array items;
  for (const auto& item : args[0].array()) {
    if (item.is_array()) {
      items.insert(items.end(), item.array().begin(), item.array().end());
    } else {
      items.push_back(item);
    }
  }
  return Value(std::move(items));
}

Value::Set common(const Value::Set& left, const Value::Set& right) {
  Value::Set both;
  for (const auto& item : left) {
    if (right.contains(item)) both.insert(item);
  }
  return both;
}
void charge_sets(BuiltinContext& context, const Value& left, const Value& right) {
  context.budget.charge(left.count() + right.count() + std::min(left.weight(), right.weight()) / 8);
}
std::optional<Value> set_and(BuiltinContext& context, Arguments args) {
  charge_sets(context, args[0], args[1]);
  return Value(common(args[0].set(), args[1].set()));
}
std::optional<Value> set_or(BuiltinContext& context, Arguments args) {
  charge_sets(context, args[0], args[1]);
  Value::Set all = args[0].set();
  all.insert(args[1].set().begin(), args[1].set().end());
  return Value(std::move(all));
}
std::optional<Value> intersection(BuiltinContext& context, Arguments args) {
  std::optional<Value::Set> both;
  for (const auto& item : args[0].set()) {
    if (!item.is_set()) return std::nullopt;
    charge_sets(context, item, args[0]);
    both = both ? common(*both, item.set()) : item.set();
  }
  return Value(both.value_or(Value::Set{}));
}
std::optional<Value> union_of(BuiltinContext& context, Arguments args) {
  Value::Set all;
  for (const auto& item : args[0].set()) {
    if (!item.is_set()) return std::nullopt;
    charge_sets(context, item, args[0]);
    all.insert(item.set().begin(), item.set().end());
  }
  return Value(std::move(all));
}

/// What does not hold members holds none of them.
std::optional<Value> is_member(BuiltinContext& context, Arguments args) {
  const Value& collection = args[1];
  if (collection.is_set()) return Value(collection.set().contains(args[0]));
  if (!collection.is_collection()) return Value(false);
  context.budget.charge(1 + collection.weight() / 16);
  const auto equal = [&](const Value& item) { return item == args[0]; };
  if (collection.is_array()) {
    return Value(std::any_of(collection.array().begin(), collection.array().end(), equal));
  }
  return Value(std::any_of(collection.object().begin(), collection.object().end(),
                           [&](const auto& member) { return equal(member.second); }));
}
std::optional<Value> is_member_at(BuiltinContext&, Arguments args) {
  const auto found = args[2].get(args[0]);
  return Value(found && *found == args[1]);
}

std::optional<Value> type_name(BuiltinContext&, Arguments args) { return Value(args[0].type_name()); }
template <Value::Kind kKind>
std::optional<Value> is_kind(BuiltinContext&, Arguments args) {
  return Value(args[0].kind() == kKind);
}

std::optional<Value> to_number(BuiltinContext&, Arguments args) {
  const Value& value = args[0];
  if (value.kind() == Value::Kind::null) return Value(0);
  if (value.kind() == Value::Kind::boolean) return Value(value.boolean() ? 1 : 0);
  if (value.is_number()) return value;
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.string();
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  const auto whole = std::from_chars(text.data(), end, integer);
  if (whole.ec == std::errc() && whole.ptr == end) return Value(integer);
  double number = 0;
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number)) return std::nullopt;
  return Value(number);
}

constexpr std::array kCollections{
    Builtin{"count", "*", count},
    Builtin{"sum", "l", sum},
    Builtin{"product", "l", product},
    Builtin{"max", "l", largest},
    Builtin{"min", "l", smallest},
    Builtin{"sort", "l", sorted},
    Builtin{"array.concat", "aa", array_concat},
    Builtin{"array.slice", "aii", array_slice},
    Builtin{"array.reverse", "a", array_reverse},
    Builtin{"array.flatten", "a", array_flatten},
    Builtin{"and", "tt", set_and},
    Builtin{"or", "tt", set_or},
    Builtin{"intersection", "t", intersection},
    Builtin{"union", "t", union_of},
    Builtin{"internal.member_2", "**", is_member},
    Builtin{"internal.member_3", "***", is_member_at},
    Builtin{"type_name", "*", type_name},
    Builtin{"is_null", "*", is_kind<Value::Kind::null>},
    Builtin{"is_boolean", "*", is_kind<Value::Kind::boolean>},
    Builtin{"is_number", "*", is_kind<Value::Kind::number>},
    Builtin{"is_string", "*", is_kind<Value::Kind::string>},
    Builtin{"is_array", "*", is_kind<Value::Kind::array>},
    Builtin{"is_object", "*", is_kind<Value::Kind::object>},
    Builtin{"is_set", "*", is_kind<Value::Kind::set>},
    Builtin{"to_number", "*", to_number},
};

}  // namespace

BuiltinTable collection_builtins() { return kCollections; }

}  // namespace rego
