// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON documents as values. Objects keep the order in which members were added or read.
//
//     auto doc = base::Json::parse(text);                       // throws invalid_argument
//     auto digest = doc["config"]["digest"].string_or("");      // absent members read as null
//     base::Json out = base::Json::object();
//     out.set("schemaVersion", 2).set("layers", base::Json::array());
//     std::string bytes = out.dump();
//
// dump() writes what Go's encoding/json writes for the same values (escapes of <, >, &, U+2028,
// bad UTF-8 as U+FFFD), because digests of configs and manifests are compared with BuildKit's.
// Documents whose digest matters keep their raw bytes; never re-serialise what was read.
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace base {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Values read as what they are: doc.set("n", 1). NOLINTBEGIN(google-explicit-constructor)
  Json() = default;  ///< null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)
  /// An array of strings.
  static Json strings(const std::vector<std::string>& values);
  /// An object with the map's (sorted) members.
  static Json string_map(const std::map<std::string, std::string>& values);

  static Json object() { return Json(Object{}); }
  static Json array() { return Json(Array{}); }

  /// Throws invalid_argument with the position. Nesting beyond 512 levels is refused.
  static Json parse(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Throws invalid_argument when the value is of another type.
  const std::string& as_string() const;
  std::int64_t as_int() const;
  double as_double() const;  ///< integers too
  bool as_bool() const;

  /// The value, or the fallback when it is absent or of another type.
  std::string string_or(std::string_view fallback) const;
  std::int64_t int_or(std::int64_t fallback) const;
  bool bool_or(bool fallback) const;

  /// Elements or members; empty for every other type.
  const Array& items() const;
  const Object& members() const;
  /// The strings of an array of strings (other elements are skipped).
  std::vector<std::string> string_items() const;
  std::map<std::string, std::string> string_members() const;

  /// Member by name; a shared null when absent or not an object.
  const Json& operator[](std::string_view name) const;
  bool contains(std::string_view name) const;

  /// Adds or replaces a member (null becomes an object first).
  Json& set(std::string_view name, Json value);
  /// set(), unless the value is null, "", 0, false or empty: Go's omitempty.
  Json& set_nonempty(std::string_view name, Json value);
  Json& push(Json value);
  void erase(std::string_view name);

  /// Compact bytes as Go's json.Marshal; `indent` > 0 as json.MarshalIndent.
  std::string dump(int indent = 0) const;

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// `text` as a JSON string with its quotes, escaped as Go's json.Marshal does.
std::string json_quote(std::string_view text);

}  // namespace base
