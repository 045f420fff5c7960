// SPDX-License-Identifier: Apache-2.0
#pragma once
// Built-in functions: those of OPA that a policy about sources has a use for.
//
//     const Builtin* builtin = find_builtin("startswith");
//     std::optional<Value> result = builtin->call(context, arguments);
//
// No value is what OPA calls undefined: an argument of another kind, an index out of range. Nothing here touches files
// or the network. Work and size are charged to the context's budget, which throws resource_exhausted when it is used
// up. Meaning: openpolicyagent.org, "Built-in Functions".
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "rego/value.h"

namespace re2 {
class RE2;
}

namespace rego {

/// What an evaluation may still do.
class Budget {
 public:
  explicit Budget(std::uint64_t steps) : left_(steps) {}
  void charge(std::uint64_t steps) {
    if (steps > left_) exhausted();
    left_ -= steps;
  }

 private:
  [[noreturn]] static void exhausted();
  std::uint64_t left_;
};

struct BuiltinContext {
  Budget& budget;
  base::Nanos now = 0;
  std::map<std::string, std::shared_ptr<const re2::RE2>> expressions;  ///< compiled so far
};

using Arguments = std::span<const Value>;
using BuiltinCall = std::optional<Value> (*)(BuiltinContext& context, Arguments arguments);

struct Builtin {
  std::string_view name;
  /// One character for each argument: s string, n number, i integer, b boolean, a array, o object, t set, c any
  /// collection, l array or set, * anything.
  std::string_view arguments;
  BuiltinCall call = nullptr;  ///< nullptr: the one who asks has it (Query::functions)
};

/// nullptr when there is none.
const Builtin* find_builtin(std::string_view name);
/// Whether a value may be that argument of the function; false leaves the call undefined.
bool fits(const Builtin& builtin, std::size_t place, const Value& value);

using BuiltinTable = std::span<const Builtin>;
BuiltinTable number_builtins();
BuiltinTable text_builtins();
BuiltinTable pattern_builtins();
BuiltinTable collection_builtins();
BuiltinTable object_builtins();
BuiltinTable encoding_builtins();
BuiltinTable time_builtins();

}  // namespace rego
