// SPDX-License-Identifier: Apache-2.0
#include "attest/policy_pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

std::shared_ptr<const re2::RE2> compile_policy(const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(expression, options);
  if (!compiled->ok()) {
    base::fail(base::Code::invalid_argument, "\"{}\" is no regular expression: {}", expression, compiled->error());
  }
  return compiled;
}

std::string wildcard_expression(const std::string& text) {
  if (text.find("**") != std::string::npos) {
    base::fail(base::Code::invalid_argument, "\"{}\" is no wildcard: \"**\" has no meaning", text);
  }
  std::string expression = "^";
  for (std::size_t at = 0; at <= text.size();) {
    const auto star = std::min(text.find('*', at), text.size());
    expression += re2::RE2::QuoteMeta(text.substr(at, star - at));
    if (star < text.size()) expression += "(.*)";
    at = star + 1;
  }
  return expression + "$";
}

using Groups = std::vector<re2::StringPiece>;

bool find_match(const re2::RE2& expression, std::string_view text, std::size_t at, Groups& groups) {
  groups.assign(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1, {});
  return expression.Match({text.data(), text.size()}, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                          static_cast<int>(groups.size()));
}

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// What a reference in a template stands for; a group that is not there stands for nothing.
std::string_view group_named(std::string_view name, const re2::RE2& expression, const Groups& groups) {
  std::optional<std::size_t> number;
  if (const auto parsed = base::parse_int(name); parsed && *parsed >= 0 && (name == "0" || name[0] != '0')) {
    number = static_cast<std::size_t>(*parsed);
  } else if (const auto found = expression.NamedCapturingGroups().find(std::string(name));
             found != expression.NamedCapturingGroups().end()) {
    number = static_cast<std::size_t>(found->second);
  }
  if (!number || *number >= groups.size()) return {};
  return {groups[*number].data(), groups[*number].size()};
}

/// Length of the reference ("$$", "$name", "${name}") that the text begins with, and its name; 0 = it is none.
std::pair<std::size_t, std::string_view> reference_at(std::string_view text) {
  if (text.starts_with("$$")) return {2, "$"};
  const bool braced = text.starts_with("${");
  const std::size_t start = braced ? 2 : 1;
  std::size_t end = start;
  while (end < text.size() && is_name_character(text[end])) ++end;
  if (end == start) return {0, {}};
  if (braced && (end == text.size() || text[end] != '}')) return {0, {}};
  return {end + (braced ? 1 : 0), text.substr(start, end - start)};
}

void expand(std::string_view into, const re2::RE2& expression, const Groups& groups, std::string& result) {
  while (!into.empty()) {
    const auto dollar = std::min(into.find('$'), into.size());
    result += into.substr(0, dollar);
    into.remove_prefix(dollar);
    if (into.empty()) return;
    const auto [length, name] = reference_at(into);
    if (length == 0 || name == "$") result += '$';
    if (length > 0 && name != "$") result += group_named(name, expression, groups);
    into.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace

PolicyPattern::PolicyPattern(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {
  if (kind_ == Kind::wildcard) expression_ = compile_policy(wildcard_expression(text_));
  if (kind_ == Kind::regex) expression_ = compile_policy(text_);
}

bool PolicyPattern::matches(std::string_view name) const {
  return expression_ ? re2::RE2::PartialMatch({name.data(), name.size()}, *expression_) : name == text_;
}

std::string PolicyPattern::rewrite(std::string_view name, std::string_view into) const {
  if (!expression_) return std::string(into);
  if (kind_ == Kind::regex) return replace_all(name, into);
  Groups groups;
  if (!find_match(*expression_, name, 0, groups)) return std::string(name);
  std::string result;
  expand(into, *expression_, groups, result);
  return result;
}

std::string PolicyPattern::replace_all(std::string_view name, std::string_view into) const {
  std::string result;
  std::size_t copied = 0;
  Groups groups;
  for (std::size_t at = 0; at <= name.size() && find_match(*expression_, name, at, groups);) {
    const auto start = static_cast<std::size_t>(groups[0].data() - name.data());
    const std::size_t end = start + groups[0].size();
    result += name.substr(copied, start - copied);
    // An empty match right behind another one is no match of its own.
    if (end > copied || start == 0) expand(into, *expression_, groups, result);
    copied = end;
    at = std::max(end, at + 1);
  }
  return result + std::string(name.substr(copied));
}

}  // namespace attest
