// SPDX-License-Identifier: Apache-2.0
#include "rego/value.h"

#include <algorithm>
#include <cmath>
#include <compare>

#include "base/error.h"
#include "base/format.h"

namespace rego {
namespace {

constexpr std::uint64_t kMaxWeight = 4U << 20;
constexpr int kMaxDepth = 256;
constexpr std::size_t kMaxString = 4U << 20;
constexpr std::size_t kBytesPerWeight = 32;

std::strong_ordering sign_of(int difference) { return difference <=> 0; }

std::strong_ordering compare_numbers(const Value& left, const Value& right) {
  if (left.is_integer() && right.is_integer()) return left.integer() <=> right.integer();
  // Wide enough for every integer and every double.
  const auto wide = [](const Value& value) {
    return value.is_integer() ? static_cast<long double>(value.integer()) : static_cast<long double>(value.number());
  };
  const long double a = wide(left);
  const long double b = wide(right);
  return sign_of(a < b ? -1 : a > b ? 1 : 0);
}

/// Place in the order of kinds; numbers share one, booleans are told apart by their value.
int rank(const Value& value) { return static_cast<int>(value.kind()); }

template <typename Items, typename Compare>
std::strong_ordering compare_items(const Items& left, const Items& right, const Compare& compare) {
  auto a = left.begin();
  auto b = right.begin();
  for (; a != left.end() && b != right.end(); ++a, ++b) {
    if (const auto order = compare(*a, *b); order != 0) return order;
  }
  return left.size() <=> right.size();
}

}  // namespace

void Value::Bulk::add(const Value& value) {
  weight += value.weight();
  if (const Bulk* inner = value.bulk()) {
    depth = std::max(depth, inner->depth + 1);
    has_unknown = has_unknown || inner->has_unknown;
  }
  has_unknown = has_unknown || value.kind() == Kind::unknown;
}

void Value::Bulk::check() const {
  if (weight > kMaxWeight) base::fail(base::Code::resource_exhausted, "a value becomes too large");
  if (depth > kMaxDepth) base::fail(base::Code::resource_exhausted, "a value is nested too deeply");
}

Value::Value(double value) : data_(value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it, neighbours have the same double
  if (std::trunc(value) == value && std::fabs(value) <= kExact) data_ = static_cast<std::int64_t>(value);
}

Value::Value(std::string value) {
  if (value.size() > kMaxString) base::fail(base::Code::resource_exhausted, "a text becomes too long");
  data_ = std::make_shared<const std::string>(std::move(value));
}

Value::Value(Array value) {
  Bulk bulk;
  for (const auto& item : value) bulk.add(item);
  bulk.check();
  data_ = std::make_shared<const Held<Array>>(Held<Array>{std::move(value), bulk});
}

Value::Value(Object value) {
  Bulk bulk;
  for (const auto& [key, member] : value) {
    bulk.add(key);
    bulk.add(member);
  }
  bulk.check();
  data_ = std::make_shared<const Held<Object>>(Held<Object>{std::move(value), bulk});
}

Value::Value(Set value) {
  Bulk bulk;
  for (const auto& item : value) bulk.add(item);
  bulk.check();
  data_ = std::make_shared<const Held<Set>>(Held<Set>{std::move(value), bulk});
}

Value Value::unknown(std::string path) {
  Value value;
  value.data_ = Unknown{std::make_shared<const std::string>(std::move(path))};
  return value;
}

Value Value::of_json(const base::Json& json) {
  if (json.is_bool()) return Value(json.as_bool());
  if (json.is_int()) return Value(json.as_int());
  if (json.is_number()) return Value(json.as_double());
  if (json.is_string()) return Value(json.as_string());
  if (json.is_array()) {
    Array items;
    for (const auto& item : json.items()) items.push_back(of_json(item));
    return Value(std::move(items));
  }
  if (!json.is_object()) return {};
  Object members;
  for (const auto& [name, member] : json.members()) members.insert_or_assign(Value(name), of_json(member));
  return Value(std::move(members));
}

Value::Kind Value::kind() const {
  static constexpr Kind kKinds[] = {Kind::null,  Kind::boolean, Kind::number, Kind::number, Kind::string,
                                    Kind::array, Kind::object,  Kind::set,    Kind::unknown};
  return kKinds[data_.index()];
}

bool Value::is_false() const {
  const bool* value = std::get_if<bool>(&data_);
  return value != nullptr && !*value;
}

bool Value::is_true() const {
  const bool* value = std::get_if<bool>(&data_);
  return value != nullptr && *value;
}

double Value::number() const {
  if (const auto* value = std::get_if<double>(&data_)) return *value;
  return static_cast<double>(integer());
}

const std::string& Value::string() const { return **std::get_if<std::shared_ptr<const std::string>>(&data_); }
const Value::Array& Value::array() const { return (*std::get_if<Shared<Array>>(&data_))->items; }
const Value::Object& Value::object() const { return (*std::get_if<Shared<Object>>(&data_))->items; }
const Value::Set& Value::set() const { return (*std::get_if<Shared<Set>>(&data_))->items; }

std::optional<Value> Value::get(const Value& key) const {
  if (is_array()) {
    if (!key.is_integer() || key.integer() < 0) return std::nullopt;
    const auto place = static_cast<std::uint64_t>(key.integer());
    return place < array().size() ? std::optional(array()[place]) : std::nullopt;
  }
  if (is_object()) {
    const auto found = object().find(key);
    return found == object().end() ? std::nullopt : std::optional(found->second);
  }
  if (is_set()) return set().contains(key) ? std::optional(key) : std::nullopt;
  return std::nullopt;
}

std::size_t Value::count() const {
  if (is_array()) return array().size();
  return is_object() ? object().size() : set().size();
}

std::string_view Value::type_name() const {
  static constexpr std::string_view kNames[] = {"null",  "boolean", "number", "string",
                                                "array", "object",  "set",    "unknown"};
  return kNames[static_cast<std::size_t>(kind())];
}

const Value::Bulk* Value::bulk() const {
  if (const auto* array = std::get_if<Shared<Array>>(&data_)) return &(*array)->bulk;
  if (const auto* object = std::get_if<Shared<Object>>(&data_)) return &(*object)->bulk;
  if (const auto* set = std::get_if<Shared<Set>>(&data_)) return &(*set)->bulk;
  return nullptr;
}

std::uint64_t Value::weight() const {
  if (const Bulk* inner = bulk()) return inner->weight;
  return is_string() ? 1 + string().size() / kBytesPerWeight : 1;
}

void Value::require_known() const {
  if (const auto* unknown = std::get_if<Unknown>(&data_)) throw UnknownRead{*unknown->path};
  const Bulk* inner = bulk();
  if (inner == nullptr || !inner->has_unknown) return;
  if (is_array()) {
    for (const auto& item : array()) item.require_known();
  } else if (is_object()) {
    for (const auto& [key, member] : object()) member.require_known();
  }
}

std::strong_ordering operator<=>(const Value& left, const Value& right) {
  if (left.kind() == Value::Kind::unknown) left.require_known();
  if (right.kind() == Value::Kind::unknown) right.require_known();
  if (rank(left) != rank(right)) return rank(left) <=> rank(right);
  switch (left.kind()) {
    case Value::Kind::boolean: return left.boolean() <=> right.boolean();
    case Value::Kind::number: return compare_numbers(left, right);
    case Value::Kind::string: return sign_of(left.string().compare(right.string()));
    case Value::Kind::array:
      if (&left.array() == &right.array()) return std::strong_ordering::equal;
      return compare_items(left.array(), right.array(), [](const Value& a, const Value& b) { return a <=> b; });
    case Value::Kind::object:
      if (&left.object() == &right.object()) return std::strong_ordering::equal;
      return compare_items(left.object(), right.object(), [](const auto& a, const auto& b) {
        const auto order = a.first <=> b.first;
        return order != 0 ? order : a.second <=> b.second;
      });
    case Value::Kind::set:
      if (&left.set() == &right.set()) return std::strong_ordering::equal;
      return compare_items(left.set(), right.set(), [](const Value& a, const Value& b) { return a <=> b; });
    default: return std::strong_ordering::equal;
  }
}

std::string number_text(const Value& number) {
  return number.is_integer() ? std::to_string(number.integer()) : base::Json(number.number()).dump();
}

base::Json Value::to_json() const {
  switch (kind()) {
    case Kind::boolean: return boolean();
    case Kind::number: return is_integer() ? base::Json(integer()) : base::Json(number());
    case Kind::string: return string();
    case Kind::unknown: require_known(); return {};
    case Kind::object: {
      // A key that is no string may have the text of one that is: the first in order keeps its place.
      std::map<std::string, base::Json> members;
      for (const auto& [key, member] : object())
        members.emplace(key.is_string() ? key.string() : key.to_json().dump(), member.to_json());
      base::Json::Object json;
      for (auto& [name, member] : members) json.emplace_back(name, std::move(member));
      return json;
    }
    case Kind::array:
    case Kind::set: {
      base::Json::Array items;
      if (is_array()) {
        for (const auto& item : array()) items.push_back(item.to_json());
      } else {
        for (const auto& item : set()) items.push_back(item.to_json());
      }
      return items;
    }
    default: return {};
  }
}

namespace {

/// As Go's strconv.Quote writes it, but for characters that cannot be shown.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += base::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

template <typename Items, typename Write>
std::string listed(char open, const Items& items, char close, const Write& write) {
  std::string text(1, open);
  for (const auto& item : items) {
    if (text.size() > 1) text += ", ";
    text += write(item);
  }
  return text + close;
}

}  // namespace

std::string Value::text() const {
  const auto plain = [](const Value& item) { return item.text(); };
  switch (kind()) {
    case Kind::boolean: return boolean() ? "true" : "false";
    case Kind::number: return number_text(*this);
    case Kind::string: return quoted(string());
    case Kind::unknown: return "<unknown>";
    case Kind::array: return listed('[', array(), ']', plain);
    case Kind::set: return set().empty() ? "set()" : listed('{', set(), '}', plain);
    case Kind::object:
      return listed('{', object(), '}',
                    [](const auto& member) { return member.first.text() + ": " + member.second.text(); });
    default: return "null";
  }
}

}  // namespace rego
