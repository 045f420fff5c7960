// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/format.h"

namespace base {
namespace {

constexpr std::size_t kMaxDepth = 512;

/// Builds a Json from nlohmann's event parser, so that order and integers are ours.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Json take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return put(static_cast<double>(value));
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t& name) override {
    names_.back() = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();
    const auto colon = what.find(": ");
    problem_ = base::format("byte {}: {}", position, what.substr(colon == what.npos ? 0 : colon + 2));
    return false;
  }

 private:
  bool open(Json container) {
    if (open_.size() >= kMaxDepth) {
      problem_ = base::format("nested deeper than {} levels", kMaxDepth);
      return false;
    }
    open_.push_back(std::move(container));
    names_.emplace_back();
    return true;
  }
  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    return put(std::move(done));
  }
  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_object()) {
      open_.back().set(names_.back(), std::move(value));
    } else {
      open_.back().push(std::move(value));
    }
    return true;
  }

  Json root_;
  std::vector<Json> open_;
  std::vector<std::string> names_;
  std::string problem_;
};

[[noreturn]] void wrong_type(std::string_view wanted) { fail(Code::invalid_argument, "JSON value is not {}", wanted); }

/// Length of the well-formed UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

void quote_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
    out += base::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

void quote_into(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (length == 1) {
      quote_ascii(out, text[0]);
    } else if (text.starts_with("\xe2\x80\xa8")) {
      out += "\\u2028";
    } else if (text.starts_with("\xe2\x80\xa9")) {
      out += "\\u2029";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

/// Go's float format: shortest digits, exponents only below 1e-6 and from 1e21 on.
std::string number_text(double value) {
  if (!std::isfinite(value)) fail(Code::invalid_argument, "JSON cannot hold {}", value);
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 exponent ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, end.ptr);
  // Go writes e-9, not e-09.
  if (const auto e = text.find("e-0"); e != text.npos && e + 4 == text.size()) text.erase(e + 2, 1);
  return text;
}

void newline(std::string& out, int indent, int depth) {
  if (indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

void write(std::string& out, const Json& value, int indent, int depth);

void write_array(std::string& out, const Json& value, int indent, int depth) {
  out += '[';
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) out += ',';
    first = false;
    newline(out, indent, depth + 1);
    write(out, item, indent, depth + 1);
  }
  if (!first) newline(out, indent, depth);
  out += ']';
}

void write_object(std::string& out, const Json& value, int indent, int depth) {
  out += '{';
  bool first = true;
  for (const auto& [name, member] : value.members()) {
    if (!first) out += ',';
    first = false;
    newline(out, indent, depth + 1);
    quote_into(out, name);
    out += indent == 0 ? ":" : ": ";
    write(out, member, indent, depth + 1);
  }
  if (!first) newline(out, indent, depth);
  out += '}';
}

void write(std::string& out, const Json& value, int indent, int depth) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    out += std::to_string(value.as_int());
  } else if (value.is_number()) {
    out += number_text(value.as_double());
  } else if (value.is_string()) {
    quote_into(out, value.as_string());
  } else if (value.is_array()) {
    write_array(out, value, indent, depth);
  } else {
    write_object(out, value, indent, depth);
  }
}

bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.as_bool();
  if (value.is_number()) return value.as_double() == 0;
  if (value.is_string()) return value.as_string().empty();
  return value.items().empty() && value.members().empty();
}

}  // namespace

Json Json::strings(const std::vector<std::string>& values) {
  Array items;
  items.reserve(values.size());
  for (const auto& value : values) items.emplace_back(value);
  return items;
}

Json Json::string_map(const std::map<std::string, std::string>& values) {
  Object members;
  for (const auto& [name, value] : values) members.emplace_back(name, value);
  return members;
}

Json Json::parse(std::string_view text) {
  // The library takes a NUL byte for the end and would not look at what follows it.
  if (const auto nul = text.find('\0'); nul != text.npos) {
    fail(Code::invalid_argument, "invalid JSON: NUL byte at position {}", nul);
  }
  Builder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) fail(Code::invalid_argument, "invalid JSON: {}", builder.problem());
  return builder.take();
}

const std::string& Json::as_string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  wrong_type("a string");
}

std::int64_t Json::as_int() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  wrong_type("an integer");
}

double Json::as_double() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  return static_cast<double>(as_int());
}

bool Json::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  wrong_type("true or false");
}

std::string Json::string_or(std::string_view fallback) const {
  return is_string() ? std::get<std::string>(value_) : std::string(fallback);
}
std::int64_t Json::int_or(std::int64_t fallback) const { return is_int() ? std::get<std::int64_t>(value_) : fallback; }
bool Json::bool_or(bool fallback) const { return is_bool() ? std::get<bool>(value_) : fallback; }

const Json::Array& Json::items() const {
  static const Array empty;
  const auto* value = std::get_if<Array>(&value_);
  return value ? *value : empty;
}

const Json::Object& Json::members() const {
  static const Object empty;
  const auto* value = std::get_if<Object>(&value_);
  return value ? *value : empty;
}

std::vector<std::string> Json::string_items() const {
  std::vector<std::string> values;
  for (const auto& item : items()) {
    if (item.is_string()) values.push_back(item.as_string());
  }
  return values;
}

std::map<std::string, std::string> Json::string_members() const {
  std::map<std::string, std::string> values;
  for (const auto& [name, member] : members()) {
    if (member.is_string()) values[name] = member.as_string();
  }
  return values;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json null;
  for (const auto& [member_name, member] : members()) {
    if (member_name == name) return member;
  }
  return null;
}

bool Json::contains(std::string_view name) const {
  for (const auto& member : members()) {
    if (member.first == name) return true;
  }
  return false;
}

Json& Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = Object{};
  auto* members = std::get_if<Object>(&value_);
  if (!members) wrong_type("an object");
  for (auto& [member_name, member] : *members) {
    if (member_name == name) {
      member = std::move(value);
      return *this;
    }
  }
  members->emplace_back(std::string(name), std::move(value));
  return *this;
}

Json& Json::set_nonempty(std::string_view name, Json value) {
  return is_empty(value) ? *this : set(name, std::move(value));
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  auto* items = std::get_if<Array>(&value_);
  if (!items) wrong_type("an array");
  items->push_back(std::move(value));
  return *this;
}

void Json::erase(std::string_view name) {
  if (auto* members = std::get_if<Object>(&value_)) {
    std::erase_if(*members, [&](const Member& member) { return member.first == name; });
  }
}

std::string Json::dump(int indent) const {
  std::string out;
  write(out, *this, indent, 0);
  return out;
}

std::string json_quote(std::string_view text) {
  std::string out;
  quote_into(out, text);
  return out;
}

}  // namespace base
