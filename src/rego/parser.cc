// SPDX-License-Identifier: Apache-2.0
#include "rego/parser.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "rego/term_parser.h"

namespace rego {
namespace {

class ModuleParser : private TermParser {
 public:
  ModuleParser(std::string_view text, const std::string& file)
      : TermParser(text, file), name_(std::make_shared<const std::string>(file)) {}

  Module run() {
    Module module;
    module.file = name_;
    module.package_place = here().place;
    if (!take_keyword("package")) unexpected("'package'");
    module.package = constant_path(*parse_term(), "the package");
    while (here().kind != TokenKind::end) {
      if (!here().new_line && !take_symbol(";")) unexpected("a new line");
      if (here().kind == TokenKind::end) break;
      if (is_keyword("import")) {
        parse_import(module);
      } else {
        module.rules.push_back(parse_rule());
      }
    }
    return module;
  }

 private:
  /// The names of a.b["c"].
  std::vector<std::string> constant_path(const Term& term, std::string_view what) const {
    if (term.kind == TermKind::variable) return {term.name};
    std::vector<std::string> path;
    const bool is_path = term.kind == TermKind::reference && term.items[0]->kind == TermKind::variable;
    if (is_path) path.push_back(term.items[0]->name);
    for (std::size_t i = 1; is_path && i < term.items.size(); ++i) {
      const Term& item = *term.items[i];
      if (item.kind != TermKind::constant || !item.value.is_string()) break;
      path.push_back(item.value.string());
    }
    if (!is_path || path.size() != term.items.size()) {
      fail_at(file_, term.place, base::format("{} is no path of names", what));
    }
    return path;
  }

  void parse_import(Module& module) {
    Import import;
    import.place = step().place;
    import.path = constant_path(*parse_term(), "what is imported");
    import.alias = import.path.back();
    if (take_keyword("as")) {
      if (here().kind != TokenKind::name) unexpected("a name");
      import.alias = step().text;
    }
    const std::string& root = import.path[0];
    if (root == "rego" || root == "future") {
      const bool known = root == "rego" ? import.path == std::vector<std::string>{"rego", "v1"}
                                        : import.path.size() >= 2 && import.path[1] == "keywords";
      if (!known) fail_at(file_, import.place, "this import is not known");
      return;  // what they bring is always there
    }
    if (root != "data" && root != "input") fail_at(file_, import.place, "an import begins with data or input");
    if (import.path.size() == 1 && root == "data") fail_at(file_, import.place, "data is there without an import");
    module.imports.push_back(std::move(import));
  }

  std::unique_ptr<Rule> parse_rule() {
    auto rule = std::make_unique<Rule>();
    rule->place = here().place;
    rule->file = name_;
    rule->is_default = take_keyword("default");
    parse_name_of(*rule);
    if (rule->is_default) {
      parse_default(*rule);
      return rule;
    }
    Branch first;
    first.place = rule->place;
    bool has_value = false;
    if (is_name("contains") && !rule->is_function) {
      step();
      rule->is_set = true;
      rule->element = parse_expression();
    } else if (take_symbol(":=") || take_symbol("=")) {
      first.value = parse_expression();
      has_value = true;
    }
    const bool has_body = parse_if(first);
    if (!has_body && !has_value && !rule->is_set) {
      if (is_symbol("{")) fail("'if' is missing in front of the rule's body");
      if (rule->head.size() == 1 && !rule->is_function) {
        fail_at(file_, rule->place, base::format("'{}' alone is no rule: a value or a body is missing", rule->name));
      }
    }
    rule->branches.push_back(std::move(first));
    while (is_keyword("else")) parse_else(*rule, has_body);
    if (is_symbol("{") && !here().new_line) fail("a rule has one body");
    return rule;
  }

  void parse_name_of(Rule& rule) {
    if (here().kind != TokenKind::name) unexpected("a rule");
    rule.head.push_back(make_constant(Value(here().text), here().place));
    rule.name = step().text;
    while (!here().spaced && (is_symbol(".") || is_symbol("["))) {
      const bool is_dot = step().text == ".";
      if (is_dot) {
        if (here().kind != TokenKind::name && here().kind != TokenKind::keyword) unexpected("a name after '.'");
        rule.name += "." + here().text;
        rule.head.push_back(make_constant(Value(here().text), here().place));
        step();
      } else {
        rule.name += "[" + here().text + "]";
        rule.head.push_back(parse_expression());
        want_symbol("]", "a key");
      }
    }
    if (!here().spaced && take_symbol("(")) {
      rule.is_function = true;
      rule.arguments = parse_terms(")");
      if (rule.arguments.empty()) fail_at(file_, rule.place, "a function takes an argument");
    }
  }

  void parse_default(Rule& rule) {
    if (!take_symbol(":=") && !take_symbol("=")) unexpected("':='");
    Branch branch;
    branch.place = rule.place;
    branch.value = parse_expression();
    if (!is_ground_text(*branch.value)) fail_at(file_, rule.place, "a default must be a value");
    rule.branches.push_back(std::move(branch));
    if (is_keyword("if") || is_keyword("else")) fail("a default has no body");
  }

  bool parse_if(Branch& branch) {
    if (!take_keyword("if")) return false;
    if (take_symbol("{")) {
      if (is_symbol("}")) fail("a body must not be empty");
      branch.body = parse_body("}");
    } else {
      branch.body.push_back(parse_literal());
    }
    return true;
  }

  void parse_else(Rule& rule, bool first_has_body) {
    if (rule.is_set || !first_has_body) fail("'else' has no rule with a body in front of it");
    if (rule.branches.back().body.empty()) fail("this 'else' is never reached");
    Branch branch;
    branch.place = step().place;
    const bool has_value = take_symbol(":=") || take_symbol("=");
    if (has_value) branch.value = parse_expression();
    if (!parse_if(branch) && !has_value) {
      if (is_symbol("{")) fail("'if' is missing in front of the body");
      unexpected("a value or 'if'");
    }
    rule.branches.push_back(std::move(branch));
  }

  std::shared_ptr<const std::string> name_;
};

}  // namespace

bool is_ground_text(const Term& term) {
  switch (term.kind) {
    case TermKind::constant: return true;
    case TermKind::array:
    case TermKind::set:
    case TermKind::object:
      return std::all_of(term.items.begin(), term.items.end(),
                         [](const TermPtr& item) { return is_ground_text(*item); });
    default: return false;
  }
}

std::string Rule::where() const { return base::format("{}:{}", *file, place.line); }

Module parse_module(std::string_view text, const std::string& file) { return ModuleParser(text, file).run(); }

}  // namespace rego
