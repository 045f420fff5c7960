// SPDX-License-Identifier: Apache-2.0
#include "rego/rule_tree.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "rego/lexer.h"

namespace rego {
namespace {

RuleNode::Kind kind_of(const Rule& rule) {
  if (rule.is_function) return RuleNode::Kind::function;
  if (!rule.keys.empty()) return RuleNode::Kind::object;
  return rule.is_set ? RuleNode::Kind::set : RuleNode::Kind::complete;
}

std::string_view kind_name(RuleNode::Kind kind) {
  static constexpr std::string_view kNames[] = {"nothing", "a single value", "a set", "an object", "a function"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

const RuleNode* RuleNode::child(std::string_view name) const {
  const auto found = children_.find(name);
  return found == children_.end() ? nullptr : found->second.get();
}

const RuleNode* RuleNode::find(const std::vector<std::string>& path) const {
  const RuleNode* node = this;
  for (const auto& name : path) {
    if (node) node = node->child(name);
  }
  return node;
}

RuleNode& RuleNode::make_child(const std::string& name) {
  auto& child = children_[name];
  if (!child) child = std::make_unique<RuleNode>(path_ + "." + name);
  return *child;
}

void RuleNode::add(const Rule& rule) {
  const Kind kind = kind_of(rule);
  // A default of a set or object would never be asked for.
  if (kind_ != Kind::none && kind_ != kind) {
    fail_at(*rule.file, rule.place,
            base::format("{} is {} here and {} elsewhere", path_, kind_name(kind), kind_name(kind_)));
  }
  if (kind == Kind::function && kind_ == Kind::function && arity_ != rule.arguments.size()) {
    fail_at(*rule.file, rule.place,
            base::format("{} takes {} arguments here and {} elsewhere", path_, rule.arguments.size(), arity_));
  }
  if (rule.is_default && fallback_) fail_at(*rule.file, rule.place, base::format("{} has a default already", path_));
  kind_ = kind;
  arity_ = rule.arguments.size();
  if (rule.is_default) {
    fallback_ = &rule;
  } else {
    rules_.push_back(&rule);
  }
}

void RuleNode::check() const {
  const bool is_closed = kind_ == Kind::complete || kind_ == Kind::set || kind_ == Kind::function;
  if (is_closed && !children_.empty()) {
    const Rule& rule = rules_.empty() ? *fallback_ : *rules_.front();
    fail_at(*rule.file, rule.place,
            base::format("{} is {}, and there are rules or packages below it ({})", path_, kind_name(kind_),
                         children_.begin()->second->path()));
  }
  for (const auto& [name, child] : children_) child->check();
}

void add_rule(RuleNode& root, const std::vector<std::string>& package, Rule& rule) {
  std::size_t constant = 0;
  rule.path = package;
  while (constant < rule.head.size() && rule.head[constant]->kind == TermKind::constant &&
         rule.head[constant]->value.is_string()) {
    rule.path.push_back(rule.head[constant++]->value.string());
  }
  rule.keys.assign(std::make_move_iterator(rule.head.begin() + static_cast<std::ptrdiff_t>(constant)),
                   std::make_move_iterator(rule.head.end()));
  rule.head.clear();
  if ((rule.is_function || rule.is_default) && !rule.keys.empty()) {
    fail_at(*rule.file, rule.place, "the name of a function or default must be constant");
  }
  if (rule.branches.size() > 1 && !rule.keys.empty()) {
    fail_at(*rule.file, rule.branches[1].place, "'else' of a rule whose name has a variable is not supported");
  }
  RuleNode* node = &root;
  for (const auto& name : rule.path) node = &node->make_child(name);
  node->add(rule);
}

}  // namespace rego
