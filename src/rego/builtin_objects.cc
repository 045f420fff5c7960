// SPDX-License-Identifier: Apache-2.0
// Objects.
#include <algorithm>
#include <array>

#include "rego/builtins.h"

namespace rego {
namespace {

/// A member, or what is behind a path of keys.
std::optional<Value> get(BuiltinContext&, Arguments args) {
  if (!args[1].is_array()) return args[0].get(args[1]).value_or(args[2]);
  std::optional<Value> at = args[0];
  for (const auto& key : args[1].array()) {
    if (at) at = at->get(key);
    if (at && at->kind() == Value::Kind::unknown) at->require_known();
  }
  return at.value_or(args[2]);
}

std::optional<Value> keys(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].count());
  Value::Set names;
  for (const auto& [key, member] : args[0].object()) names.insert(key);
  return Value(std::move(names));
}

/// The second one's members count; objects in both are joined themselves.
Value joined(BuiltinContext& context, const Value& left, const Value& right) {
  if (!left.is_object() || !right.is_object()) return right;
  context.budget.charge(left.count() + right.count());
  Value::Object members = left.object();
  for (const auto& [key, member] : right.object()) {
    const auto [place, is_new] = members.emplace(key, member);
    if (!is_new) place->second = joined(context, place->second, member);
  }
  return Value(std::move(members));
}
std::optional<Value> union_two(BuiltinContext& context, Arguments args) { return joined(context, args[0], args[1]); }
std::optional<Value> union_n(BuiltinContext& context, Arguments args) {
  Value all(Value::Object{});
  for (const auto& object : args[0].array()) {
    if (!object.is_object()) return std::nullopt;
    all = joined(context, all, object);
  }
  return all;
}

/// The keys that an array, a set or an object's keys name.
std::optional<Value::Set> key_set(const Value& value) {
  if (value.is_set()) return value.set();
  if (value.is_array()) return Value::Set(value.array().begin(), value.array().end());
  if (!value.is_object()) return std::nullopt;
  Value::Set names;
  for (const auto& [key, member] : value.object()) names.insert(key);
  return names;
}
std::optional<Value> chosen(BuiltinContext& context, Arguments args, bool named) {
  const auto names = key_set(args[1]);
  if (!names) return std::nullopt;
  context.budget.charge(args[0].count() + names->size());
  Value::Object members;
  for (const auto& [key, member] : args[0].object()) {
    if (names->contains(key) == named) members.emplace(key, member);
  }
  return Value(std::move(members));
}
std::optional<Value> remove(BuiltinContext& context, Arguments args) { return chosen(context, args, false); }
std::optional<Value> filter(BuiltinContext& context, Arguments args) { return chosen(context, args, true); }

bool has_run(const Value::Array& all, const Value::Array& part) {
  return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
}

std::optional<bool> is_part(BuiltinContext& context, const Value& all, const Value& part) {
  context.budget.charge(1 + std::min(all.weight(), part.weight()) / 8);
  if (all.is_object() && part.is_object()) {
    for (const auto& [key, member] : part.object()) {
      const auto found = all.get(key);
      if (!found) return false;
      const bool nested = found->is_collection() && member.is_collection();
      if (nested ? !is_part(context, *found, member).value_or(false) : *found != member) return false;
    }
    return true;
  }
  if (all.is_set() && part.is_set()) {
    return std::includes(all.set().begin(), all.set().end(), part.set().begin(), part.set().end());
  }
  if (all.is_array() && part.is_array()) {
    context.budget.charge(all.count() * (1 + part.count() / 8));
    return has_run(all.array(), part.array());
  }
  if (all.is_array() && part.is_set()) {
    const Value::Set items(all.array().begin(), all.array().end());
    return std::includes(items.begin(), items.end(), part.set().begin(), part.set().end());
  }
  return std::nullopt;
}
std::optional<Value> subset(BuiltinContext& context, Arguments args) {
  const auto result = is_part(context, args[0], args[1]);
  return result ? std::optional(Value(*result)) : std::nullopt;
}

/// The evaluator goes through the value itself (Evaluator::each_walked).
std::optional<Value> walk(BuiltinContext&, Arguments) { return std::nullopt; }
std::optional<Value> print(BuiltinContext&, Arguments) { return Value(true); }

constexpr std::array kObjects{
    Builtin{"object.get", "c**", get},
    Builtin{"object.keys", "o", keys},
    Builtin{"object.union", "oo", union_two},
    Builtin{"object.union_n", "a", union_n},
    Builtin{"object.remove", "o*", remove},
    Builtin{"object.filter", "o*", filter},
    Builtin{"object.subset", "**", subset},
    Builtin{"walk", "*", walk},
    Builtin{"print", "", print},
};

}  // namespace

BuiltinTable object_builtins() { return kObjects; }

}  // namespace rego
