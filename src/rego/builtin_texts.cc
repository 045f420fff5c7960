// SPDX-License-Identifier: Apache-2.0
// Texts. Positions count characters, not bytes.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "rego/builtins.h"
#include "rego/sprintf.h"

namespace rego {
namespace {

void charge_text(BuiltinContext& context, std::size_t bytes) { context.budget.charge(bytes / 32); }

std::optional<Value> lower(BuiltinContext&, Arguments args) { return Value(base::lower_runes(args[0].string())); }
std::optional<Value> upper(BuiltinContext&, Arguments args) { return Value(base::upper_runes(args[0].string())); }

std::optional<Value> contains(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size());
  return Value(args[0].string().find(args[1].string()) != std::string::npos);
}
std::optional<Value> startswith(BuiltinContext&, Arguments args) {
  return Value(args[0].string().starts_with(args[1].string()));
}
std::optional<Value> endswith(BuiltinContext&, Arguments args) {
  return Value(args[0].string().ends_with(args[1].string()));
}

std::optional<Value> concat(BuiltinContext& context, Arguments args) {
  std::string joined;
  bool first = true;
  bool all_texts = true;
  const auto add = [&](const Value& item) {
    all_texts = all_texts && item.is_string();
    if (!all_texts) return;
    if (!first) joined += args[0].string();
    first = false;
    joined += item.string();
    context.budget.charge(1 + item.string().size() / 32);
  };
  if (args[1].is_array()) {
    for (const auto& item : args[1].array()) add(item);
  } else {
    for (const auto& item : args[1].set()) add(item);
  }
  return all_texts ? std::optional(Value(std::move(joined))) : std::nullopt;
}

std::optional<Value> split(BuiltinContext& context, Arguments args) {
  const std::string& text = args[0].string();
  const std::string& separator = args[1].string();
  context.budget.charge(separator.empty() ? text.size() : text.size() / 32);
  Value::Array parts;
  if (separator.empty()) {
    for (const char32_t rune : base::decode_runes(text)) {
      std::string part;
      base::append_rune(part, rune);
      parts.emplace_back(std::move(part));
    }
  } else {
    std::size_t start = 0;
    for (std::size_t at = text.find(separator); at != text.npos; at = text.find(separator, start)) {
      parts.emplace_back(text.substr(start, at - start));
      start = at + separator.size();
    }
    parts.emplace_back(text.substr(start));
  }
  context.budget.charge(parts.size());
  return Value(std::move(parts));
}

/// As Go's strings.Replace: an empty text is found before each character and at the end.
std::string replaced(BuiltinContext& context, std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  const auto add = [&](std::string_view part) {
    context.budget.charge(part.size() / 32);
    result += part;
    if (result.size() > (8U << 20)) context.budget.charge(UINT64_MAX);
  };
  if (from.empty()) {
    while (!text.empty()) {
      const auto rune = base::decode_rune(text);
      add(to);
      add(text.substr(0, rune.width));
      text.remove_prefix(rune.width);
    }
    add(to);
    return result;
  }
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from)) {
    add(text.substr(0, at));
    add(to);
    context.budget.charge(1);
    text.remove_prefix(at + from.size());
  }
  add(text);
  return result;
}

std::optional<Value> replace(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size());
  return Value(replaced(context, args[0].string(), args[1].string(), args[2].string()));
}

/// All at once, in the order of the object's keys: what one put in is not looked at by the next.
std::optional<Value> replace_n(BuiltinContext& context, Arguments args) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto& [from, to] : args[0].object()) {
    if (!from.is_string() || !to.is_string()) return std::nullopt;
    pairs.emplace_back(from.string(), to.string());
  }
  std::string_view text = args[1].string();
  std::string result;
  while (!text.empty()) {
    context.budget.charge(1 + pairs.size() / 8);
    const auto hit = std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) {
      return !pair.first.empty() && text.starts_with(pair.first);
    });
    const std::size_t width = hit != pairs.end() ? hit->first.size() : 1;
    result += hit != pairs.end() ? hit->second : text.substr(0, 1);
    if (result.size() > (8U << 20)) context.budget.charge(UINT64_MAX);
    text.remove_prefix(width);
  }
  return Value(std::move(result));
}

std::string_view trim_runes(std::string_view text, std::string_view characters, bool left, bool right) {
  const std::u32string set = base::decode_runes(characters);
  const std::u32string runes = base::decode_runes(text);
  const auto in_set = [&](char32_t rune) { return set.find(rune) != set.npos; };
  std::size_t from = 0;
  std::size_t to = runes.size();
  while (left && from < to && in_set(runes[from])) ++from;
  while (right && from < to && in_set(runes[to - 1])) --to;
  const std::size_t before = base::encode_runes(std::u32string_view(runes).substr(0, from)).size();
  const std::size_t kept = base::encode_runes(std::u32string_view(runes).substr(from, to - from)).size();
  return text.substr(before, kept);
}
std::optional<Value> trim(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size() * 4);
  return Value(trim_runes(args[0].string(), args[1].string(), true, true));
}
std::optional<Value> trim_left(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size() * 4);
  return Value(trim_runes(args[0].string(), args[1].string(), true, false));
}
std::optional<Value> trim_right(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size() * 4);
  return Value(trim_runes(args[0].string(), args[1].string(), false, true));
}
std::optional<Value> trim_space(BuiltinContext&, Arguments args) { return Value(base::trim_space(args[0].string())); }
std::optional<Value> trim_prefix(BuiltinContext&, Arguments args) {
  const std::string& text = args[0].string();
  return text.starts_with(args[1].string()) ? Value(text.substr(args[1].string().size())) : args[0];
}
std::optional<Value> trim_suffix(BuiltinContext&, Arguments args) {
  const std::string& text = args[0].string();
  const std::string& end = args[1].string();
  return text.ends_with(end) ? Value(text.substr(0, text.size() - end.size())) : args[0];
}

std::optional<Value> substring(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size());
  const std::u32string runes = base::decode_runes(args[0].string());
  if (args[1].integer() < 0) return std::nullopt;
  const auto offset = static_cast<std::size_t>(args[1].integer());
  if (offset >= runes.size()) return Value("");
  const std::size_t length = args[2].integer() < 0 ? runes.npos : static_cast<std::size_t>(args[2].integer());
  return Value(base::encode_runes(std::u32string_view(runes).substr(offset, length)));
}

Value::Array places_of(BuiltinContext& context, Arguments args, bool only_first) {
  const std::u32string text = base::decode_runes(args[0].string());
  const std::u32string what = base::decode_runes(args[1].string());
  context.budget.charge(1 + text.size() / 8 + what.size() / 8);
  Value::Array places;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) {
    context.budget.charge(1);
    places.emplace_back(at);
    if (only_first) break;
  }
  return places;
}
std::optional<Value> index_of(BuiltinContext& context, Arguments args) {
  if (args[1].string().empty()) return std::nullopt;
  const auto places = places_of(context, args, true);
  return places.empty() ? Value(-1) : places[0];
}
std::optional<Value> index_of_n(BuiltinContext& context, Arguments args) {
  if (args[1].string().empty()) return std::nullopt;
  return Value(places_of(context, args, false));
}

std::optional<Value> format_int(BuiltinContext&, Arguments args) {
  const auto base_number = args[1].integer();
  if (base_number != 2 && base_number != 8 && base_number != 10 && base_number != 16) return std::nullopt;
  const double whole = args[0].number() < 0 ? -args[0].number() : args[0].number();
  if (whole > 9e18) return std::nullopt;
  const std::int64_t number = args[0].is_integer() ? args[0].integer() : static_cast<std::int64_t>(args[0].number());
  std::uint64_t rest = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  std::string digits;
  do {
    digits += "0123456789abcdef"[rest % static_cast<std::uint64_t>(base_number)];
    rest /= static_cast<std::uint64_t>(base_number);
  } while (rest > 0);
  if (number < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return Value(std::move(digits));
}

std::optional<Value> reverse(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size());
  std::u32string runes = base::decode_runes(args[0].string());
  std::reverse(runes.begin(), runes.end());
  return Value(base::encode_runes(runes));
}

std::optional<Value> count_of(BuiltinContext& context, Arguments args) {
  charge_text(context, args[0].string().size());
  const std::string& what = args[1].string();
  if (what.empty()) return Value(base::decode_runes(args[0].string()).size() + 1);
  std::int64_t count = 0;
  for (std::size_t at = args[0].string().find(what); at != std::string::npos;
       at = args[0].string().find(what, at + what.size())) {
    ++count;
  }
  return Value(count);
}

/// The texts of a text, an array or a set; nothing where something else is in it.
std::optional<std::vector<std::string_view>> texts_in(const Value& value) {
  std::vector<std::string_view> texts;
  const auto add = [&](const Value& item) {
    if (item.is_string()) texts.push_back(item.string());
    return item.is_string();
  };
  bool all = value.is_string() ? add(value) : value.is_array() || value.is_set();
  if (value.is_array()) all = std::all_of(value.array().begin(), value.array().end(), add);
  if (value.is_set()) all = std::all_of(value.set().begin(), value.set().end(), add);
  return all ? std::optional(texts) : std::nullopt;
}

std::optional<Value> any_match(BuiltinContext& context, Arguments args,
                               bool (*match)(std::string_view, std::string_view)) {
  const auto texts = texts_in(args[0]);
  const auto parts = texts_in(args[1]);
  if (!texts || !parts) return std::nullopt;
  context.budget.charge(texts->size() * parts->size());
  for (const auto& text : *texts) {
    if (std::any_of(parts->begin(), parts->end(), [&](std::string_view part) { return match(text, part); })) {
      return Value(true);
    }
  }
  return Value(false);
}
std::optional<Value> any_prefix(BuiltinContext& context, Arguments args) {
  return any_match(context, args, [](std::string_view text, std::string_view part) { return text.starts_with(part); });
}
std::optional<Value> any_suffix(BuiltinContext& context, Arguments args) {
  return any_match(context, args, [](std::string_view text, std::string_view part) { return text.ends_with(part); });
}

std::optional<Value> print_formatted(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[1].weight());
  auto text = format_values(args[0].string(), args[1].array());
  return text ? std::optional(Value(std::move(*text))) : std::nullopt;
}

/// Texts as they are; of a set the one value in it.
std::optional<Value> fill_template(BuiltinContext& context, Arguments args) {
  context.budget.charge(args[0].weight());
  std::string text;
  for (const auto& part : args[0].array()) {
    if (part.is_set() && part.count() > 1) {
      base::fail(base::Code::failed_precondition, "an expression of the template has several values");
    }
    const bool is_undefined = part.is_set() && part.count() == 0;
    const Value value = part.is_set() && !is_undefined ? *part.set().begin() : part;
    text += is_undefined ? "<undefined>" : value.is_string() ? value.string() : value.text();
  }
  return Value(std::move(text));
}

constexpr std::array kTexts{
    Builtin{"lower", "s", lower},
    Builtin{"upper", "s", upper},
    Builtin{"contains", "ss", contains},
    Builtin{"startswith", "ss", startswith},
    Builtin{"endswith", "ss", endswith},
    Builtin{"concat", "sl", concat},
    Builtin{"split", "ss", split},
    Builtin{"replace", "sss", replace},
    Builtin{"strings.replace_n", "os", replace_n},
    Builtin{"trim", "ss", trim},
    Builtin{"trim_left", "ss", trim_left},
    Builtin{"trim_right", "ss", trim_right},
    Builtin{"trim_space", "s", trim_space},
    Builtin{"trim_prefix", "ss", trim_prefix},
    Builtin{"trim_suffix", "ss", trim_suffix},
    Builtin{"substring", "sii", substring},
    Builtin{"indexof", "ss", index_of},
    Builtin{"indexof_n", "ss", index_of_n},
    Builtin{"format_int", "ni", format_int},
    Builtin{"strings.reverse", "s", reverse},
    Builtin{"strings.count", "ss", count_of},
    Builtin{"strings.any_prefix_match", "**", any_prefix},
    Builtin{"strings.any_suffix_match", "**", any_suffix},
    Builtin{"sprintf", "sa", print_formatted},
    Builtin{"internal.template_string", "a", fill_template},
};

}  // namespace

BuiltinTable text_builtins() { return kTexts; }

}  // namespace rego
