// SPDX-License-Identifier: Apache-2.0
#include "rego/builtins.h"

#include <unordered_map>

namespace rego {
namespace {

const std::unordered_map<std::string_view, const Builtin*>& all_builtins() {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Builtin*> all;
    for (const BuiltinTable part : {number_builtins(), text_builtins(), pattern_builtins(), collection_builtins(),
                                    object_builtins(), encoding_builtins(), time_builtins()}) {
      for (const auto& builtin : part) all.emplace(builtin.name, &builtin);
    }
    return all;
  }();
  return table;
}

}  // namespace

const Builtin* find_builtin(std::string_view name) {
  const auto found = all_builtins().find(name);
  return found == all_builtins().end() ? nullptr : found->second;
}

bool fits(const Builtin& builtin, std::size_t place, const Value& value) {
  if (place >= builtin.arguments.size()) return true;
  switch (builtin.arguments[place]) {
    case 's': return value.is_string();
    case 'n': return value.is_number();
    case 'i': return value.is_integer();
    case 'b': return value.kind() == Value::Kind::boolean;
    case 'a': return value.is_array();
    case 'o': return value.is_object();
    case 't': return value.is_set();
    case 'c': return value.is_collection();
    case 'l': return value.is_array() || value.is_set();
    default: return true;
  }
}

}  // namespace rego
