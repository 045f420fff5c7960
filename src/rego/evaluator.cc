// SPDX-License-Identifier: Apache-2.0
#include "rego/evaluator.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace rego {
namespace {

constexpr std::size_t kMaxStack = 3U << 20;
constexpr std::size_t kStackReserve = 256U << 10;

/// How much of this thread's stack an evaluation may take.
std::size_t stack_share() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return kMaxStack / 4;
  void* lowest = nullptr;
  std::size_t size = 0;
  const int failed = ::pthread_attr_getstack(&attributes, &lowest, &size);
  ::pthread_attr_destroy(&attributes);
  if (failed != 0) return kMaxStack / 4;
  const auto left =
      static_cast<std::size_t>(static_cast<const char*>(__builtin_frame_address(0)) - static_cast<const char*>(lowest));
  return left > kStackReserve ? std::min(kMaxStack, left - kStackReserve) : 0;
}

}  // namespace

void Budget::exhausted() {
  base::fail(base::Code::resource_exhausted, "the policy is too much work: it was ended before it had an answer");
}

Evaluator::Evaluator(const Program& program, const Query& query)
    : program_(program), query_(query), budget_(query.steps), builtins_{budget_, query.now, {}} {
  first_.input = query.input;
  context_ = &first_;
  stack_ = static_cast<const char*>(__builtin_frame_address(0)) - stack_share();
}

std::optional<Value> Evaluator::value_at(const PathNames& path) {
  DataPoint point{&program_.root(), query_.data, &context_->data};
  for (const auto& name : path) {
    if (point.node && point.node->has_rules()) {
      auto value = rule_value(*point.node);
      point = {nullptr, std::move(value), nullptr};
    }
    point = below(point, Value(name));
  }
  auto value = document(point);
  if (value) value->require_known();
  return value;
}

void Evaluator::step() {
  budget_.charge(1);
  if (static_cast<const char*>(__builtin_frame_address(0)) < stack_) {
    base::fail(base::Code::resource_exhausted, "the policy is nested too deeply");
  }
}

void Evaluator::bind(int slot, Value value) {
  frame_->slots[static_cast<std::size_t>(slot)] = std::move(value);
  frame_->bound.push_back(slot);
}

void Evaluator::unbind_to(std::size_t mark) {
  while (frame_->bound.size() > mark) {
    frame_->slots[static_cast<std::size_t>(frame_->bound.back())].reset();
    frame_->bound.pop_back();
  }
}

bool Evaluator::is_bound(const Slots& slots) const {
  for (const int slot : slots) {
    if (!frame_->slots[static_cast<std::size_t>(slot)]) return false;
  }
  return true;
}

bool Evaluator::each_solution(const Body& body, Found found) {
  if (body.empty()) return found();
  struct Level {
    std::vector<Answer> answers;
    std::size_t next = 0;
  };
  const std::size_t start = frame_->bound.size();
  std::vector<Level> levels;
  std::vector<std::size_t> marks{start};
  levels.push_back({answers(body[0])});
  while (!levels.empty()) {
    unbind_to(marks.back());
    Level& level = levels.back();
    if (level.next == level.answers.size()) {
      levels.pop_back();
      marks.pop_back();
      continue;
    }
    for (auto& [slot, value] : level.answers[level.next++]) bind(slot, std::move(value));
    if (levels.size() < body.size()) {
      marks.push_back(frame_->bound.size());
      levels.push_back({answers(body[levels.size()])});
    } else if (!found()) {
      unbind_to(start);
      return false;
    }
  }
  unbind_to(start);
  return true;
}

std::vector<Evaluator::Answer> Evaluator::answers(const Literal& literal) {
  std::vector<Answer> answers;
  const std::size_t mark = frame_->bound.size();
  if (literal.negated) {
    if (each_answer(literal, [] { return false; })) answers.emplace_back();
    unbind_to(mark);
    return answers;
  }
  each_answer(literal, [&] {
    budget_.charge(1);
    Answer& answer = answers.emplace_back();
    for (std::size_t i = mark; i < frame_->bound.size(); ++i) {
      const int slot = frame_->bound[i];
      answer.emplace_back(slot, *frame_->slots[static_cast<std::size_t>(slot)]);
    }
    return true;
  });
  unbind_to(mark);
  return answers;
}

bool Evaluator::each_answer(const Literal& literal, Found found) {
  step();
  if (literal.with.empty()) return each_plain(literal, found);
  auto context = derived_context(literal.with);
  if (!context) return true;
  const Replaced scope(context_, &*context);
  return each_plain(literal, found);
}

bool Evaluator::each_plain(const Literal& literal, Found found) {
  switch (literal.kind) {
    case LiteralKind::declare: return found();
    case LiteralKind::unify: return unify(*literal.left, *literal.right, found);
    case LiteralKind::some_in: return each_member(literal, found);
    case LiteralKind::every:
      return each(*literal.left, [&](const Value& collection) {
        return !collection.is_collection() || !holds_for_every(literal, collection) || found();
      });
    default:
      if (literal.left->kind == TermKind::call && literal.left->builtin && literal.left->builtin->name == "print") {
        print(*literal.left);
        return found();
      }
      return each(*literal.left, [&](const Value& value) { return value.is_false() || found(); });
  }
}

bool Evaluator::each_member(const Literal& literal, Found found) {
  return each(*literal.left, [&](const Value& collection) {
    return each_entry(collection, [&](const Value& key, const Value& member) {
      const auto match_value = [&] { return match(*literal.value, member, found); };
      return literal.key ? match(*literal.key, key, match_value) : match_value();
    });
  });
}

bool Evaluator::holds_for_every(const Literal& literal, const Value& collection) {
  return each_entry(collection, [&](const Value& key, const Value& member) {
    bool holds = false;
    const auto look = [&] {
      each_solution(*literal.body, [&] {
        holds = true;
        return false;
      });
      return true;
    };
    const std::size_t mark = frame_->bound.size();
    const auto match_value = [&] { return match(*literal.value, member, look); };
    if (literal.key) {
      match(*literal.key, key, match_value);
    } else {
      match_value();
    }
    unbind_to(mark);
    return holds;
  });
}

namespace {

/// The document with a part of it replaced.
Value with_part(const Value& document, const std::vector<Value>& path, std::size_t place, const Value& part) {
  if (place == path.size()) return part;
  Value::Object members;
  if (document.is_object()) members = document.object();
  const Value before = document.get(path[place]).value_or(Value(Value::Object{}));
  members.insert_or_assign(path[place], with_part(before, path, place + 1, part));
  return Value(std::move(members));
}

}  // namespace

std::optional<Evaluator::Context> Evaluator::derived_context(const std::vector<With>& replacements) {
  Context context;
  context.input = context_->input;
  context.data = context_->data;
  context.functions = context_->functions;
  for (const auto& with : replacements) {
    if (with.by_builtin || with.by_rules) {
      context.functions.insert_or_assign(with.function, FunctionMock{with.by_builtin, with.by_rules, {}});
      continue;
    }
    std::optional<Value> value;
    each(*with.value, [&](const Value& found) {
      value = found;
      return false;
    });
    if (!value) return std::nullopt;
    if (!with.function.empty()) {
      context.functions.insert_or_assign(with.function, FunctionMock{nullptr, nullptr, std::move(value)});
    } else if (with.root == Root::input) {
      context.input = with_part(context.input.value_or(Value(Value::Object{})), with.path, 0, *value);
    } else {
      Mock* mock = &context.data;
      for (const auto& key : with.path) mock = &mock->below[key];
      *mock = {std::move(value), {}};
    }
  }
  return context;
}

std::optional<Value> evaluate(const Program& program, const Query& query, const PathNames& path) {
  return Evaluator(program, query).value_at(path);
}

}  // namespace rego
