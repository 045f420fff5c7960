// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values of Rego: JSON's, and sets; any value may be the key of an object. Copies share what they hold.
//
//     Value image = Value::of_json(json);
//     if (auto tag = image.get(Value("tag"))) …
//
// Values have one order over all kinds (null, false, true, numbers, strings, arrays, objects, sets), which is the order
// of sets and of objects' keys. 1 and 1.0 are equal.
//
// An *unknown* stands for a part of the input that nobody has looked up yet: it may lie in objects, and whoever reads
// it gets UnknownRead. So only what a policy really asks about has to be found out.
//
// Values are bounded in depth and size (a text of a few lines can double a value with every line); what is larger
// throws resource_exhausted. Threads: any; values never change.
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace rego {

/// Thrown where an unknown is read; `path` is what the unknown was made with.
struct UnknownRead {
  std::string path;
};

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object, set, unknown };
  using Array = std::vector<Value>;
  using Object = std::map<Value, Value>;
  using Set = std::set<Value>;

  Value() = default;  ///< null
  explicit Value(bool value) : data_(value) {}
  explicit Value(int value) : data_(std::int64_t{value}) {}
  explicit Value(std::int64_t value) : data_(value) {}
  explicit Value(std::size_t value) : data_(static_cast<std::int64_t>(value)) {}
  /// Whole numbers that an integer can hold become one.
  explicit Value(double value);
  explicit Value(std::string value);
  explicit Value(std::string_view value) : Value(std::string(value)) {}
  explicit Value(const char* value) : Value(std::string(value)) {}
  explicit Value(Array value);
  explicit Value(Object value);
  explicit Value(Set value);
  static Value unknown(std::string path);
  static Value of_json(const base::Json& json);

  Kind kind() const;
  bool is_string() const { return kind() == Kind::string; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_set() const { return kind() == Kind::set; }
  bool is_collection() const { return is_array() || is_object() || is_set(); }
  /// The boolean false; every other value counts as true.
  bool is_false() const;
  bool is_true() const;

  // Of the kind that the name says, or undefined behaviour.
  bool boolean() const { return *std::get_if<bool>(&data_); }
  std::int64_t integer() const { return *std::get_if<std::int64_t>(&data_); }
  double number() const;  ///< integers too
  const std::string& string() const;
  const Array& array() const;
  const Object& object() const;
  const Set& set() const;

  /// Element of an array by its number, member of an object by its key, the key itself where it is in a set.
  std::optional<Value> get(const Value& key) const;
  std::size_t count() const;  ///< of a collection

  /// "null", "boolean", "number", "string", "array", "object", "set".
  std::string_view type_name() const;
  /// Throws UnknownRead when this is, or holds, an unknown.
  void require_known() const;
  bool has_unknown() const { return kind() == Kind::unknown || (bulk() && bulk()->has_unknown); }
  /// How much there is of it: 1 for a number, and everything inside counts.
  std::uint64_t weight() const;

  /// Sets become arrays, keys that are no strings their text.
  base::Json to_json() const;
  /// As a policy would write it: {"a": [1, 2]}, {1, 2}, set().
  std::string text() const;

  friend std::strong_ordering operator<=>(const Value& left, const Value& right);
  friend bool operator==(const Value& left, const Value& right) { return (left <=> right) == 0; }

 private:
  /// What a collection weighs is counted once, when it is made.
  struct Bulk {
    std::uint64_t weight = 1;
    int depth = 1;
    bool has_unknown = false;
    void add(const Value& value);
    void check() const;
  };
  template <typename Collection>
  struct Held {
    Collection items;
    Bulk bulk;
  };
  template <typename Collection>
  using Shared = std::shared_ptr<const Held<Collection>>;
  struct Unknown {
    std::shared_ptr<const std::string> path;
  };
  const Bulk* bulk() const;

  std::variant<std::monostate, bool, std::int64_t, double, std::shared_ptr<const std::string>, Shared<Array>,
               Shared<Object>, Shared<Set>, Unknown>
      data_;
};

std::strong_ordering operator<=>(const Value& left, const Value& right);

/// A number as Go and JSON write it.
std::string number_text(const Value& number);

}  // namespace rego
