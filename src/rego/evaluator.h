// SPDX-License-Identifier: Apache-2.0
#pragma once
// Asks a program: rules are evaluated when somebody reads them, bodies by trying one literal after the other with
// everything that the ones before it found.
//
// A search calls its continuation once for each answer, with the variables bound; the continuation returns false to end
// the search, and so does the search then. Bodies keep what is still to be tried on the heap, so that long ones take no
// stack; the answers of a single literal are found by recursion over its terms.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rego/function_ref.h"
#include "rego/program.h"

namespace rego {

class Evaluator {
 public:
  Evaluator(const Program& program, const Query& query);

  std::optional<Value> value_at(const PathNames& path);

 private:
  using Found = FunctionRef<bool()>;
  using Next = FunctionRef<bool(const Value&)>;

  /// The variables of one rule while it is evaluated.
  struct Frame {
    const Rule* rule = nullptr;
    std::vector<std::optional<Value>> slots;
    std::vector<int> bound;  ///< in order, to be unbound again
  };
  /// What `with` puts in place of documents.
  struct Mock {
    std::optional<Value> value;
    std::map<Value, Mock> below;
  };
  struct FunctionMock {
    const Builtin* builtin = nullptr;
    const RuleNode* rules = nullptr;
    std::optional<Value> value;
  };
  /// What rules are evaluated under; `with` makes another one.
  struct Context {
    std::optional<Value> input;
    Mock data;
    std::map<std::string, FunctionMock, std::less<>> functions;
    std::map<const RuleNode*, std::optional<Value>> values;
    std::map<std::pair<const RuleNode*, std::vector<Value>>, std::optional<Value>> results;
    std::set<const RuleNode*> running;
  };
  /// A place below data: rules, documents, and what replaces them.
  struct DataPoint {
    const RuleNode* node = nullptr;
    std::optional<Value> base;
    const Mock* mock = nullptr;
  };
  class FrameScope;
  class DepthScope;
  struct NestedRule;

  // evaluator.cc: bodies and literals
  using Binding = std::pair<int, Value>;
  using Answer = std::vector<Binding>;
  bool each_solution(const Body& body, Found found);
  std::vector<Answer> answers(const Literal& literal);
  bool each_answer(const Literal& literal, Found found);
  bool each_plain(const Literal& literal, Found found);
  bool each_member(const Literal& literal, Found found);
  bool holds_for_every(const Literal& literal, const Value& collection);
  std::optional<Context> derived_context(const std::vector<With>& replacements);
  void bind(int slot, Value value);
  void unbind_to(std::size_t mark);
  bool is_bound(const Slots& slots) const;

  // unify.cc
  bool unify(const Term& left, const Term& right, Found found);
  bool unify_items(const Term& left, const Term& right, std::vector<bool>& done, Found found);
  bool match(const Term& pattern, const Value& value, Found found);
  bool match_items(const Term& pattern, const Value& value, std::size_t place, Found found);
  bool match_members(const Term& pattern, const Value& value, std::size_t place, Found found);
  bool match_all(const std::vector<TermPtr>& patterns, Arguments values, std::size_t place, Found found);
  bool equal(const Value& left, const Value& right);

  // eval_terms.cc
  bool each(const Term& term, Next next);
  bool each_items(const Term& term, std::vector<Value>& values, Next next);
  bool each_reference(const Term& term, Next next);
  bool each_inside(const Value& value, const Term& term, std::size_t place, Next next);
  bool each_entry(const Value& value, FunctionRef<bool(const Value& key, const Value& member)> visit);
  bool each_call(const Term& term, Arguments arguments, Next next);
  bool each_mocked(const std::string& function, const FunctionMock& mock, const Term& term, Arguments arguments,
                   Next next);
  bool each_builtin(const Builtin& builtin, const Term& term, Arguments arguments, Next next);
  void require_read(const Builtin& builtin, const Value& argument);
  std::optional<Value> builtin_value(const Builtin& builtin, Arguments arguments);
  bool each_walked(const Value& value, std::vector<Value>& path, Next next);
  void print(const Term& term);
  Value comprehend(const Term& term);

  // eval_rules.cc
  bool each_in_data(const DataPoint& point, const Term& term, std::size_t place, Next next);
  DataPoint below(const DataPoint& point, const Value& key) const;
  std::vector<Value> names_below(const DataPoint& point) const;
  std::optional<Value> document(const DataPoint& point);
  std::optional<Value> rule_value(const RuleNode& node);
  std::optional<Value> made_value(const RuleNode& node);
  std::optional<Value> single_value(const RuleNode& node, Arguments arguments);
  std::optional<Value> function_value(const RuleNode& node, Arguments arguments);
  Value set_value(const RuleNode& node);
  Value object_value(const RuleNode& node);
  bool each_keyed(const Rule& rule, std::vector<Value>& keys, Next next);
  void put(NestedRule& at, const Rule& rule, const std::string& path, const Value& value);
  Value merged(const Rule& rule, const std::string& path, const Value& left, const Value& right);
  void add_children(const RuleNode& node, NestedRule& object);
  bool each_rule_value(const Rule& rule, Arguments arguments, Next next);
  void each_branch_solution(const Rule& rule, FunctionRef<void()> found);

  /// The value, which must not be an unknown itself.
  static Value known(const Value& value) {
    if (value.kind() == Value::Kind::unknown) value.require_known();
    return value;
  }
  void step();
  std::string place_of(const Term& term) const;

  const Program& program_;
  const Query& query_;
  Budget budget_;
  BuiltinContext builtins_;
  Context* context_ = nullptr;
  Frame* frame_ = nullptr;
  Context first_;
  const char* stack_ = nullptr;  ///< where it must end
  int depth_ = 0;
};

/// Sets the frame (or the context) for as long as it lives.
template <typename Pointer>
class Replaced {
 public:
  Replaced(Pointer& place, Pointer value) : place_(place), before_(place) { place_ = value; }
  ~Replaced() { place_ = before_; }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  Pointer& place_;
  Pointer before_;
};

}  // namespace rego
