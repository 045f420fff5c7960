// SPDX-License-Identifier: Apache-2.0
#pragma once
// All rules of a policy by their path below `data`: packages, and in them rules, which may have further rules below.
//
//     tree.add(rule); … tree.check();
//     const RuleNode* node = tree.root().find({"docker", "allow"});
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rego/ast.h"

namespace rego {

class RuleNode {
 public:
  enum class Kind : std::uint8_t { none, complete, set, object, function };

  explicit RuleNode(std::string path) : path_(std::move(path)) {}

  /// "data.docker.allow"
  const std::string& path() const { return path_; }
  Kind kind() const { return kind_; }
  bool has_rules() const { return kind_ != Kind::none; }
  const std::vector<const Rule*>& rules() const { return rules_; }
  const Rule* fallback() const { return fallback_; }
  std::size_t arity() const { return arity_; }
  const std::map<std::string, std::unique_ptr<RuleNode>, std::less<>>& children() const { return children_; }
  const RuleNode* child(std::string_view name) const;
  const RuleNode* find(const std::vector<std::string>& path) const;

  RuleNode& make_child(const std::string& name);
  /// Throws invalid_argument where it does not fit what is here.
  void add(const Rule& rule);
  /// Throws invalid_argument for rules below what is a single value.
  void check() const;

 private:
  std::string path_;
  Kind kind_ = Kind::none;
  std::size_t arity_ = 0;
  std::vector<const Rule*> rules_;
  const Rule* fallback_ = nullptr;
  std::map<std::string, std::unique_ptr<RuleNode>, std::less<>> children_;
};

/// Divides the rule's head into what is constant and what is not, and puts it in its place below the package.
void add_rule(RuleNode& root, const std::vector<std::string>& package, Rule& rule);

}  // namespace rego
