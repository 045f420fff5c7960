// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/flags.h"

#include <algorithm>

#include "base/error.h"
#include "base/unicode.h"
#include "dockerfile/invalid.h"
#include "dockerfile/suggest.h"

namespace dockerfile {
namespace {

/// A yes_no flag without "=value" is a yes.
std::string read_bool(std::string_view shown, std::string_view value, bool has_value) {
  if (has_value && value.empty()) invalid(base::format("missing a value on flag: {}", shown));
  const std::string lower = base::lower_runes(value);
  if (lower.empty() || lower == "true") return "true";
  if (lower == "false") return "false";
  invalid(base::format("expecting boolean value for flag {}, not: {}", shown, value));
}

}  // namespace

const Flag& FlagSet::add_bool(std::string_view name) {
  return flags_.emplace_back(
      Flag{.name = std::string(name), .kind = Flag::Kind::yes_no, .value = "false", .values = {}});
}

const Flag& FlagSet::add_text(std::string_view name, std::string_view value) {
  return flags_.emplace_back(
      Flag{.name = std::string(name), .kind = Flag::Kind::text, .value = std::string(value), .values = {}});
}

const Flag& FlagSet::add_list(std::string_view name) {
  return flags_.emplace_back(Flag{.name = std::string(name), .kind = Flag::Kind::list, .value = {}, .values = {}});
}

Flag* FlagSet::find(std::string_view name) {
  const auto at = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
  return at == flags_.end() ? nullptr : &*at;
}

void FlagSet::parse() {
  for (const std::string& word : words_) {
    if (word == "--") return;
    if (!word.starts_with("--")) invalid("arg should start with -- : " + word);
    const auto equals = word.find('=');
    const bool has_value = equals != word.npos;
    const std::string shown = word.substr(0, equals);
    const std::string name = shown.substr(2);
    const std::string value = has_value ? word.substr(equals + 1) : "";
    Flag* flag = find(name);
    if (flag == nullptr) {
      std::vector<std::string> names;
      for (const Flag& known : flags_) names.push_back(known.name);
      invalid(with_suggestion("unknown flag: " + shown, name, names));
    }
    if (flag->used && flag->kind != Flag::Kind::list) invalid("duplicate flag specified: " + shown);
    flag->used = true;
    if (flag->kind == Flag::Kind::yes_no) {
      flag->value = read_bool(shown, value, has_value);
      continue;
    }
    if (!has_value) invalid("missing a value on flag: " + shown);
    if (flag->kind == Flag::Kind::list) {
      flag->values.push_back(value);
    } else {
      flag->value = value;
    }
  }
}

std::vector<std::string> FlagSet::used() const {
  std::vector<std::string> names;
  for (const Flag& flag : flags_) {
    if (flag.used) names.push_back(flag.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace dockerfile
