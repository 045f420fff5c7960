// SPDX-License-Identifier: Apache-2.0
#include "rego/resolve.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "base/format.h"
#include "base/strings.h"
#include "rego/lexer.h"
#include "rego/safety.h"

namespace rego {
namespace {

constexpr std::size_t kMaxLiterals = 512;

/// Names that a body mentions itself, not in closures of its own.
void mentioned(const Term& term, std::set<std::string, std::less<>>& names) {
  if (term.kind == TermKind::variable) names.insert(term.name);
  if (term.body) return;
  for (const auto& item : term.items) mentioned(*item, names);
}

void mentioned(const Body& body, std::set<std::string, std::less<>>& names) {
  for (const auto& literal : body) {
    const bool is_every = literal.kind == LiteralKind::every;
    for (const Term* term : {literal.left.get(), literal.right.get(), is_every ? nullptr : literal.key.get(),
                             is_every ? nullptr : literal.value.get()}) {
      if (term) mentioned(*term, names);
    }
    for (const auto& with : literal.with) mentioned(*with.value, names);
  }
}

class RuleResolver {
 public:
  RuleResolver(Rule& rule, const Names& names) : rule_(rule), names_(names), file_(*rule.file) {}

  std::vector<ReadPath> run() {
    push();
    for (auto& argument : rule_.arguments) declare_pattern(*argument);
    for (auto& argument : rule_.arguments) resolve_term(*argument);
    SlotSet arguments = own();
    for (auto& branch : rule_.branches) resolve_branch(branch, arguments);
    rule_.slots = next_slot_;
    return std::move(reads_);
  }

 private:
  struct Scope {
    std::map<std::string, int, std::less<>> slots;
    std::set<std::string, std::less<>> mentions;
    std::set<std::string, std::less<>> used;  ///< before they were declared here
    SlotSet own;
  };

  [[noreturn]] void fail(Place place, std::string_view why) const { fail_at(file_, place, why); }

  Scope& push() { return scopes_.emplace_back(); }
  void pop() { scopes_.pop_back(); }
  SlotSet own() const { return scopes_.back().own; }

  int new_slot(Scope& scope) {
    scope.own.insert(next_slot_);
    return next_slot_++;
  }

  void resolve_branch(Branch& branch, SlotSet bound) {
    Scope& scope = push();
    mentioned(branch.body, scope.mentions);
    std::vector<Term*> head;
    for (auto& key : rule_.keys) head.push_back(key.get());
    for (Term* term : {rule_.element.get(), branch.value.get()}) {
      if (term) head.push_back(term);
    }
    for (const Term* term : head) mentioned(*term, scope.mentions);
    resolve_body(branch.body);
    // The keys and the element belong to the one branch that such rules have.
    for (Term* term : head) resolve_term(*term);
    order_body(branch.body, bound, file_);
    for (const Term* term : head) require_bound(*term, bound, file_);
    for (const auto& argument : rule_.arguments) require_bound(*argument, bound, file_);
    pop();
  }

  void resolve_body(Body& body) {
    if (body.size() > kMaxLiterals) fail(body[0].place, base::format("a body has more than {} lines", kMaxLiterals));
    for (auto& literal : body) resolve_literal(literal);
  }

  void resolve_literal(Literal& literal) {
    for (auto& with : literal.with) resolve_with(with);
    switch (literal.kind) {
      case LiteralKind::declare:
        for (const auto& name : literal.names) declare(name, literal.place);
        return;
      case LiteralKind::assign:
        resolve_term(*literal.right);
        declare_pattern(*literal.left);
        resolve_term(*literal.left);
        literal.kind = LiteralKind::unify;
        return;
      case LiteralKind::unify:
        resolve_term(*literal.left);
        resolve_term(*literal.right);
        return;
      case LiteralKind::some_in:
        resolve_term(*literal.left);
        for (Term* term : {literal.key.get(), literal.value.get()}) {
          if (!term) continue;
          declare_pattern(*term);
          resolve_term(*term);
        }
        return;
      case LiteralKind::every: resolve_every(literal); return;
      case LiteralKind::term: resolve_statement(literal); return;
    }
  }

  /// A call may have one argument more than the function takes: what the result is held against.
  void resolve_statement(Literal& literal) {
    Term& call = *literal.left;
    const auto arity = call.kind == TermKind::call ? arity_of(call) : std::nullopt;
    if (arity && call.items.size() == *arity + 1) {
      literal.right = std::move(call.items.back());
      call.items.pop_back();
      literal.kind = LiteralKind::unify;
      resolve_term(*literal.right);
    }
    resolve_term(*literal.left);
  }

  void resolve_every(Literal& literal) {
    resolve_term(*literal.left);
    Scope& scope = push();
    mentioned(*literal.body, scope.mentions);
    for (Term* term : {literal.key.get(), literal.value.get()}) {
      if (!term) continue;
      declare_pattern(*term);
      resolve_term(*term);
    }
    SlotSet known = own();
    literal.needs = resolve_closure(*literal.body, {}, std::move(known));
  }

  /// The body (and head) of a closure whose scope is open, and is closed here; what it takes from around it.
  Slots resolve_closure(Body& body, const std::vector<Term*>& head, SlotSet known) {
    resolve_body(body);
    for (Term* term : head) resolve_term(*term);
    SlotSet taken = slots_of(body);
    for (const Term* term : head) taken.merge(slots_of(*term));
    const SlotSet inner = own();
    Slots captured;
    std::set_difference(taken.begin(), taken.end(), inner.begin(), inner.end(), std::back_inserter(captured));
    known.insert(captured.begin(), captured.end());
    order_body(body, known, file_);
    for (const Term* term : head) require_bound(*term, known, file_);
    pop();
    return captured;
  }

  void resolve_comprehension(Term& term) {
    Scope& scope = push();
    mentioned(*term.body, scope.mentions);
    std::vector<Term*> head;
    for (const auto& item : term.items) head.push_back(item.get());
    for (const Term* item : head) mentioned(*item, scope.mentions);
    term.needs = resolve_closure(*term.body, head, {});
  }

  void resolve_term(Term& term) {
    switch (term.kind) {
      case TermKind::constant: return;
      case TermKind::variable: resolve_variable(term); break;
      case TermKind::reference: resolve_reference(term); break;
      case TermKind::call: resolve_call(term); break;
      case TermKind::array_comprehension:
      case TermKind::set_comprehension:
      case TermKind::object_comprehension: resolve_comprehension(term); return;
      default:
        for (auto& item : term.items) resolve_term(*item);
    }
    note_slots(term);
  }

  // --- variables

  void declare(const std::string& name, Place place) {
    Scope& scope = scopes_.back();
    if (name == "_") return;
    if (scope.used.contains(name)) fail(place, base::format("{} is used before it is declared", name));
    if (name == "input" || name == "data") fail(place, base::format("{} is no name for a variable", name));
    if (scope.slots.contains(name)) fail(place, base::format("{} is declared twice", name));
    scope.slots[name] = new_slot(scope);
  }

  /// The variables of a pattern; one that is there twice is one variable.
  void declare_pattern(const Term& pattern) {
    std::set<std::string, std::less<>> names;
    pattern_names(pattern, names);
    for (const auto& name : names) declare(name, pattern.place);
  }

  static void pattern_names(const Term& pattern, std::set<std::string, std::less<>>& names) {
    if (pattern.kind == TermKind::variable) {
      names.insert(pattern.name);
    } else if (pattern.kind == TermKind::array) {
      for (const auto& item : pattern.items) pattern_names(*item, names);
    } else if (pattern.kind == TermKind::object) {
      for (std::size_t i = 1; i < pattern.items.size(); i += 2) pattern_names(*pattern.items[i], names);
    }
  }

  std::optional<int> declared(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = scope->slots.find(name); found != scope->slots.end()) return found->second;
    }
    return std::nullopt;
  }

  /// A variable that nothing declares belongs to the outermost body that mentions it.
  int implied(const std::string& name) {
    for (auto& scope : scopes_) {
      if (!scope.mentions.contains(name)) continue;
      scope.used.insert(name);
      return scope.slots[name] = new_slot(scope);
    }
    Scope& scope = scopes_.back();
    return scope.slots[name] = new_slot(scope);
  }

  void resolve_variable(Term& term) {
    if (term.name == "_") {
      term.slot = new_slot(scopes_.back());
      return;
    }
    if (const auto slot = declared(term.name)) {
      term.slot = *slot;
      note_use(term.name);
      return;
    }
    if (auto path = meaning_of(term.name)) {
      note_use(term.name);
      become_path(term, std::move(*path), 1);
      return;
    }
    term.slot = implied(term.name);
  }

  void note_use(const std::string& name) {
    if (!scopes_.back().slots.contains(name)) scopes_.back().used.insert(name);
  }

  // --- references

  /// The whole path that a name stands for, or nothing for variables.
  std::optional<std::vector<std::string>> meaning_of(const std::string& name) const {
    if (name == "input" || name == "data") return std::vector<std::string>{name};
    if (names_.rules.contains(name)) {
      std::vector<std::string> path{"data"};
      path.insert(path.end(), names_.package.begin(), names_.package.end());
      path.push_back(name);
      return path;
    }
    for (const auto& import : *names_.imports) {
      if (import.alias == name) return import.path;
    }
    return std::nullopt;
  }

  /// The term is a reference from now on: the path, then its items from `first` on.
  void become_path(Term& term, std::vector<std::string> path, std::size_t first) {
    std::vector<TermPtr> items;
    for (std::size_t i = 1; i < path.size(); ++i) {
      auto item = std::make_unique<Term>();
      item->place = term.place;
      item->value = Value(path[i]);
      items.push_back(std::move(item));
    }
    for (std::size_t i = first; i < term.items.size(); ++i) items.push_back(std::move(term.items[i]));
    term.items = std::move(items);
    term.kind = TermKind::reference;
    term.root = path[0] == "input" ? Root::input : Root::data;
    note_read(term);
  }

  void note_read(const Term& term) {
    if (term.root != Root::data) return;
    ReadPath path;
    for (const auto& item : term.items) {
      if (item->kind != TermKind::constant || !item->value.is_string()) break;
      path.push_back(item->value.string());
    }
    check_is_no_function(term, path);
    reads_.push_back(std::move(path));
  }

  void check_is_no_function(const Term& term, const ReadPath& path) const {
    const RuleNode* node = names_.root->find(path);
    if (node && node->kind() == RuleNode::Kind::function) {
      fail(term.place, base::format("{} is a function: its arguments are missing", node->path()));
    }
  }

  void resolve_reference(Term& term) {
    Term& first = *term.items[0];
    const bool is_name = first.kind == TermKind::variable && first.name != "_" && !declared(first.name);
    auto path = is_name ? meaning_of(first.name) : std::nullopt;
    const std::string name = first.name;
    if (path) note_use(name);
    for (std::size_t i = path ? 1 : 0; i < term.items.size(); ++i) resolve_term(*term.items[i]);
    if (path) become_path(term, std::move(*path), 1);
  }

  // --- calls

  struct Callee {
    const Builtin* builtin = nullptr;
    const RuleNode* rules = nullptr;
  };

  /// The function of that name: the policy's own come first, as with OPA.
  Callee callee_named(const std::string& name) const {
    std::vector<std::string> parts = base::split(name, '.');
    if (auto path = meaning_of(parts[0]); path && (*path)[0] == "data") {
      path->insert(path->end(), parts.begin() + 1, parts.end());
      path->erase(path->begin());
      const RuleNode* node = names_.root->find(*path);
      if (node && node->kind() == RuleNode::Kind::function) return {.rules = node};
    }
    for (const auto& function : *names_.functions) {
      if (function.name == name) return {.builtin = &function};
    }
    return {.builtin = find_builtin(name)};
  }

  std::optional<std::size_t> arity_of(const Term& call) const {
    const Callee callee = callee_named(call.name);
    if (callee.rules) return callee.rules->arity();
    if (callee.builtin && callee.builtin->name != "print") return callee.builtin->arguments.size();
    return std::nullopt;
  }

  void resolve_call(Term& term) {
    if (declared(term.name.substr(0, term.name.find('.')))) {
      fail(term.place, base::format("{} is a variable, no function", term.name));
    }
    const Callee callee = callee_named(term.name);
    term.builtin = callee.builtin;
    term.rules = callee.rules;
    if (!callee.builtin && !callee.rules) {
      fail(term.place, base::format("the function {} is not known here", term.name));
    }
    if (callee.rules)
      reads_.push_back(callee.rules->rules().empty() ? callee.rules->fallback()->path : callee.rules->rules()[0]->path);
    const auto arity = arity_of(term);
    if (arity && *arity != term.items.size()) {
      fail(term.place, base::format("{} takes {} argument{}, not {}", term.name, *arity, *arity == 1 ? "" : "s",
                                    term.items.size()));
    }
    for (std::size_t i = 0; i < term.items.size(); ++i) {
      resolve_term(*term.items[i]);
      const Term& item = *term.items[i];
      if (arity && callee.builtin && item.kind == TermKind::constant && !fits(*callee.builtin, i, item.value)) {
        fail(item.place,
             base::format("{} does not take a {} as argument {}", term.name, item.value.type_name(), i + 1));
      }
    }
  }

  // --- with

  void resolve_with(With& with) {
    Term& target = *with.target;
    const bool is_reference = target.kind == TermKind::reference;
    const Term& first = is_reference ? *target.items[0] : target;
    if (first.kind != TermKind::variable) fail(target.place, "'with' replaces input, data or a function");
    std::vector<std::string> path{first.name};
    for (std::size_t i = 1; is_reference && i < target.items.size(); ++i) {
      const Term& item = *target.items[i];
      if (item.kind != TermKind::constant || !item.value.is_string()) {
        fail(item.place, "what 'with' replaces must be a path of names");
      }
      path.push_back(item.value.string());
    }
    const Callee callee = callee_named(base::join(path, "."));
    if (callee.builtin || callee.rules) {
      with.function = callee.rules ? callee.rules->path() : std::string(callee.builtin->name);
      resolve_replacement(with);
      return;
    }
    auto meaning = meaning_of(path[0]);
    if (!meaning) fail(target.place, base::format("'with' cannot replace {}", base::join(path, ".")));
    meaning->insert(meaning->end(), path.begin() + 1, path.end());
    with.root = (*meaning)[0] == "input" ? Root::input : Root::data;
    for (std::size_t i = 1; i < meaning->size(); ++i) with.path.emplace_back((*meaning)[i]);
    if (with.root == Root::data && with.path.empty()) fail(target.place, "'with' cannot replace the whole of data");
    resolve_term(*with.value);
  }

  /// A function may be replaced by another one, or by a value.
  void resolve_replacement(With& with) {
    const Term& value = *with.value;
    std::string name = value.name;
    if (value.kind == TermKind::reference && value.items[0]->kind == TermKind::variable) {
      name = value.items[0]->name;
      for (std::size_t i = 1; i < value.items.size(); ++i) {
        name += value.items[i]->kind == TermKind::constant ? "." + value.items[i]->value.text() : ".[";
      }
      name = base::replace_all(name, "\"", "");
    }
    const bool is_name = value.kind == TermKind::variable || value.kind == TermKind::reference;
    const Callee callee = is_name && !declared(name) ? callee_named(name) : Callee{};
    with.by_builtin = callee.builtin;
    with.by_rules = callee.rules;
    if (callee.rules) reads_.push_back(callee.rules->rules()[0]->path);
    if (!callee.builtin && !callee.rules) resolve_term(*with.value);
  }

  Rule& rule_;
  const Names& names_;
  const std::string& file_;
  std::deque<Scope> scopes_;
  int next_slot_ = 0;
  std::vector<ReadPath> reads_;
};

}  // namespace

std::vector<ReadPath> resolve_rule(Rule& rule, const Names& names) { return RuleResolver(rule, names).run(); }

}  // namespace rego
