// SPDX-License-Identifier: Apache-2.0
// Regular expressions (RE2's, which are Go's) and globs. Matching takes time linear in the text.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "base/unicode.h"
#include "rego/builtins.h"

namespace rego {
namespace {

constexpr std::size_t kMaxExpression = 16U << 10;
constexpr std::uint64_t kCompileSteps = 1000;

using Expression = std::shared_ptr<const re2::RE2>;

/// nullptr for what is no expression.
Expression expression_of(BuiltinContext& context, const std::string& text) {
  const auto known = context.expressions.find(text);
  if (known != context.expressions.end()) return known->second;
  if (text.size() > kMaxExpression) return nullptr;
  context.budget.charge(kCompileSteps + text.size());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  auto compiled = std::make_shared<const re2::RE2>(text, options);
  if (!compiled->ok()) compiled = nullptr;
  return context.expressions.emplace(text, std::move(compiled)).first->second;
}

void charge_search(BuiltinContext& context, std::string_view text) { context.budget.charge(1 + text.size() / 16); }

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const re2::StringPiece& text) { return {text.data(), text.size()}; }

/// All matches that do not overlap, with their groups, as Go finds them; `limit` < 0: all.
std::vector<std::vector<re2::StringPiece>> find_all(BuiltinContext& context, const re2::RE2& expression,
                                                    std::string_view text, std::int64_t limit) {
  std::vector<std::vector<re2::StringPiece>> matches;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1);
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  while (at <= text.size() && (limit < 0 || static_cast<std::int64_t>(matches.size()) < limit)) {
    charge_search(context, text.substr(at));
    if (!expression.Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                          static_cast<int>(groups.size()))) {
      break;
    }
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = start + groups[0].size();
    // An empty match right behind another one is no match of its own.
    if (start != end || start != last_end) matches.push_back(groups);
    last_end = end;
    at = end;
    if (start == end) at += std::max<std::size_t>(base::decode_rune(text.substr(std::min(end, text.size()))).width, 1);
  }
  return matches;
}

std::optional<Value> is_valid(BuiltinContext& context, Arguments args) {
  return Value(args[0].is_string() && expression_of(context, args[0].string()) != nullptr);
}

std::optional<Value> regex_match(BuiltinContext& context, Arguments args) {
  const auto expression = expression_of(context, args[0].string());
  if (!expression) return std::nullopt;
  charge_search(context, args[1].string());
  return Value(re2::RE2::PartialMatch(args[1].string(), *expression));
}

std::optional<Value> regex_split(BuiltinContext& context, Arguments args) {
  const auto expression = expression_of(context, args[0].string());
  if (!expression) return std::nullopt;
  const std::string& text = args[1].string();
  Value::Array parts;
  std::size_t copied = 0;
  for (const auto& match : find_all(context, *expression, text, -1)) {
    const auto start = static_cast<std::size_t>(match[0].data() - text.data());
    if (start + match[0].size() == 0) continue;  // Go does not cut in front of the first character
    if (match[0].empty() && start == text.size()) continue;
    parts.emplace_back(text.substr(copied, start - copied));
    copied = start + match[0].size();
  }
  parts.emplace_back(text.substr(copied));
  return Value(std::move(parts));
}

std::optional<Value> find_n(BuiltinContext& context, Arguments args) {
  const auto expression = expression_of(context, args[0].string());
  if (!expression) return std::nullopt;
  Value::Array found;
  for (const auto& match : find_all(context, *expression, args[1].string(), args[2].integer())) {
    found.emplace_back(view(match[0]));
  }
  return Value(std::move(found));
}

std::optional<Value> find_groups_n(BuiltinContext& context, Arguments args) {
  const auto expression = expression_of(context, args[0].string());
  if (!expression) return std::nullopt;
  Value::Array found;
  for (const auto& match : find_all(context, *expression, args[1].string(), args[2].integer())) {
    Value::Array groups;
    for (const auto& group : match) groups.emplace_back(view(group));
    context.budget.charge(groups.size());
    found.emplace_back(std::move(groups));
  }
  return Value(std::move(found));
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// What $1, ${1} or $name stands for at the start of `text`, and how long that is; 0 = it is none.
std::size_t expand_reference(std::string_view text, const re2::RE2& expression,
                             const std::vector<re2::StringPiece>& groups, std::string& result) {
  if (text.starts_with("$$")) {
    result += '$';
    return 2;
  }
  const bool braced = text.starts_with("${");
  std::size_t end = braced ? 2 : 1;
  const std::size_t start = end;
  while (end < text.size() && is_name_character(text[end])) ++end;
  if (end == start || (braced && (end == text.size() || text[end] != '}'))) return 0;
  const std::string name(text.substr(start, end - start));
  const auto named = expression.NamedCapturingGroups().find(name);
  auto number = base::parse_int(name);
  if (!number && named != expression.NamedCapturingGroups().end()) number = named->second;
  if (number && *number >= 0 && static_cast<std::size_t>(*number) < groups.size()) {
    result += view(groups[static_cast<std::size_t>(*number)]);
  }
  return end + (braced ? 1 : 0);
}

std::optional<Value> regex_replace(BuiltinContext& context, Arguments args) {
  const std::string& text = args[0].string();
  const auto expression = expression_of(context, args[1].string());
  if (!expression) return std::nullopt;
  std::string result;
  std::size_t copied = 0;
  for (const auto& match : find_all(context, *expression, text, -1)) {
    const auto start = static_cast<std::size_t>(match[0].data() - text.data());
    result += text.substr(copied, start - copied);
    copied = start + match[0].size();
    std::string_view into = args[2].string();
    context.budget.charge(1 + into.size() / 32 + result.size() / 4096);
    while (!into.empty()) {
      const std::size_t taken = into[0] == '$' ? expand_reference(into, *expression, match, result) : 0;
      if (taken == 0) result += into[0];
      into.remove_prefix(std::max<std::size_t>(taken, 1));
    }
    if (result.size() > (8U << 20)) context.budget.charge(UINT64_MAX);
  }
  result += text.substr(copied);
  return Value(std::move(result));
}

/// A glob as an expression: * and ? stop at delimiters, ** does not.
class GlobTranslator {
 public:
  GlobTranslator(std::string_view glob, const std::string& delimiters) : rest_(glob) {
    if (delimiters.empty()) {
      one_ = "(?s:.)";
    } else {
      one_ = "[^" + re2::RE2::QuoteMeta(delimiters) + "]";
    }
  }

  std::optional<std::string> run() {
    std::string expression = "^";
    int braces = 0;
    while (!rest_.empty()) {
      if (!take_one(expression, braces)) return std::nullopt;
    }
    if (braces != 0) return std::nullopt;
    return expression + "$";
  }

 private:
  bool take_one(std::string& expression, int& braces) {
    if (rest_.starts_with("**")) {
      while (rest_.starts_with("*")) rest_.remove_prefix(1);
      expression += "(?s:.*)";
      return true;
    }
    const char c = rest_[0];
    if (c == '[') return take_class(expression);
    rest_.remove_prefix(1);
    if (c == '*') {
      expression += one_ + "*";
    } else if (c == '?') {
      expression += one_;
    } else if (c == '{') {
      ++braces;
      expression += "(?:";
    } else if (c == '}' && braces > 0) {
      --braces;
      expression += ")";
    } else if (c == ',' && braces > 0) {
      expression += "|";
    } else if (c == '\\') {
      if (rest_.empty()) return false;
      expression += re2::RE2::QuoteMeta(piece(rest_.substr(0, 1)));
      rest_.remove_prefix(1);
    } else {
      expression += re2::RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
    return true;
  }

  bool take_class(std::string& expression) {
    const auto end = rest_.find(']', 1);
    if (end == rest_.npos || end == 1) return false;
    std::string_view inner = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    expression += '[';
    if (inner.starts_with("!") || inner.starts_with("^")) {
      expression += '^';
      inner.remove_prefix(1);
    }
    for (const char c : inner) {
      if (c == '\\' || c == '[' || c == '^') expression += '\\';
      expression += c;
    }
    expression += ']';
    return !inner.empty();
  }

  std::string_view rest_;
  std::string one_;
};

std::optional<Value> glob_match(BuiltinContext& context, Arguments args) {
  std::string delimiters;
  if (args[1].is_array()) {
    for (const auto& delimiter : args[1].array()) {
      if (!delimiter.is_string() || base::decode_runes(delimiter.string()).size() != 1) return std::nullopt;
      delimiters += delimiter.string();
    }
    if (args[1].array().empty()) delimiters = ".";
  } else if (args[1].kind() != Value::Kind::null) {
    return std::nullopt;
  }
  const auto translated = GlobTranslator(args[0].string(), delimiters).run();
  const auto expression = translated ? expression_of(context, *translated) : nullptr;
  if (!expression) return std::nullopt;
  charge_search(context, args[2].string());
  return Value(re2::RE2::PartialMatch(args[2].string(), *expression));
}

std::optional<Value> glob_quote(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  std::string quoted;
  for (const char c : args[0].string()) {
    if (std::string_view("*?\\[]{}").find(c) != std::string_view::npos) quoted += '\\';
    quoted += c;
  }
  return Value(std::move(quoted));
}

constexpr std::array kPatterns{
    Builtin{"regex.is_valid", "*", is_valid},
    Builtin{"regex.match", "ss", regex_match},
    Builtin{"regex.split", "ss", regex_split},
    Builtin{"regex.find_n", "ssi", find_n},
    Builtin{"regex.find_all_string_submatch_n", "ssi", find_groups_n},
    Builtin{"regex.replace", "sss", regex_replace},
    Builtin{"glob.match", "s*s", glob_match},
    Builtin{"glob.quote_meta", "s", glob_quote},
};

}  // namespace

BuiltinTable pattern_builtins() { return kPatterns; }

}  // namespace rego
