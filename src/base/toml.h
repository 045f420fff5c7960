// SPDX-License-Identifier: Apache-2.0
#pragma once
// TOML that a user wrote.
//
//     const auto document = base::Toml::parse(text, "slipway.toml");
//     if (const base::Toml* gate = document.find("gate")) …        // gate->line(), gate->table()
//
// What the settings need of it: texts, whole numbers, truth values, lists and tables, each with its line; dates and
// fractions are values of no kind. Read-only, so any thread may use it.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace base {

class Toml {
 public:
  using Array = std::vector<Toml>;
  using Table = std::map<std::string, Toml, std::less<>>;
  using Value = std::variant<std::monostate, bool, std::int64_t, std::string, Array, Table>;

  Toml(Value value, std::size_t line) : value_(std::move(value)), line_(line) {}

  /// The document, which is a table. Throws invalid_argument with `name`, the line and the reason.
  static Toml parse(std::string_view text, const std::string& name);

  /// Null when the value is of another kind.
  const bool* flag() const { return std::get_if<bool>(&value_); }
  const std::int64_t* number() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Table* table() const { return std::get_if<Table>(&value_); }

  /// Null when it is no table, or has no such key.
  const Toml* find(std::string_view key) const;

  /// Where it stands in the file, from 1.
  std::size_t line() const { return line_; }

 private:
  Value value_;
  std::size_t line_;
};

}  // namespace base
