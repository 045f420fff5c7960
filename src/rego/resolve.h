// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the names of a rule mean: variables get slots, rules and imports their paths, calls their functions; and each
// body is put into an order in which it can be gone through.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rego/ast.h"
#include "rego/builtins.h"
#include "rego/rule_tree.h"

namespace rego {

/// What a module's names may stand for beside variables.
struct Names {
  const RuleNode* root = nullptr;
  std::vector<std::string> package;
  std::set<std::string, std::less<>> rules;  ///< first names of the package's rules
  const std::vector<Import>* imports = nullptr;
  const std::vector<Builtin>* functions = nullptr;  ///< of the one who asks
};

/// A path below data that a rule reads; what is below it counts too unless a rule ends it.
using ReadPath = std::vector<std::string>;

/// Throws invalid_argument, "file:line:column: why", for names that stand for nothing. Returns what the rule reads.
std::vector<ReadPath> resolve_rule(Rule& rule, const Names& names);

}  // namespace rego
