// SPDX-License-Identifier: Apache-2.0
#pragma once
// A policy in Rego, ready to be asked.
//
//     auto program = rego::Program::compile({{"policy.rego", text}}, {});
//     auto decision = rego::evaluate(*program, {.input = input}, {"docker", "decision"});   // no value = undefined
//
// What cannot be right is an error when it is compiled: names and functions that nothing defines, variables that
// nothing binds, rules that need themselves. What goes wrong while it is asked is one, too, and never an answer: a rule
// with two values, too much work. As in OPA, a built-in that gets an argument of the wrong kind has no value. Threads:
// a program may be asked by many at once. Failure: compile() throws invalid_argument with "file:line:column";
// evaluate() failed_precondition or resource_exhausted with "file:line".
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rego/ast.h"
#include "rego/builtins.h"
#include "rego/rule_tree.h"

namespace rego {

struct ModuleText {
  std::string name;
  std::string text;
};

struct CompileOptions {
  std::vector<Builtin> functions;  ///< further ones, which every query brings
  /// The text of a module that is imported and not there, by its file's name ("lib/images.rego"); nothing = there is
  /// none.
  std::function<std::optional<std::string>(const std::string& file)> load;
};

class Program {
 public:
  static std::shared_ptr<const Program> compile(const std::vector<ModuleText>& texts, CompileOptions options);

  const RuleNode& root() const { return root_; }
  const std::vector<Module>& modules() const { return modules_; }

 private:
  Program() : root_("data") {}
  void load_imports(const CompileOptions& options);
  bool has_package(const std::vector<std::string>& path) const;

  std::vector<Module> modules_;
  std::vector<Builtin> functions_;
  RuleNode root_;
};

using PathNames = std::vector<std::string>;

/// A function of the one who asks; `input` is what it is where the call stands, which `with` may have replaced.
using QueryFunction = std::function<std::optional<Value>(const std::optional<Value>& input, Arguments arguments)>;

struct Query {
  std::optional<Value> input;
  Value data = Value(Value::Object{});  ///< documents beside the rules
  base::Nanos now = 0;                  ///< what time.now_ns says
  std::map<std::string, QueryFunction, std::less<>> functions;
  std::function<void(const std::string& text)> print;  ///< of print(…); none = nobody listens
  std::uint64_t steps = 2'000'000;                     ///< how much work it may be
};

/// The value below `data` at that path. Throws UnknownRead where a part of the input is needed that is an unknown.
std::optional<Value> evaluate(const Program& program, const Query& query, const PathNames& path);

}  // namespace rego
