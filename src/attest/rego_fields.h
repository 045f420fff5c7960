// SPDX-License-Identifier: Apache-2.0
#pragma once
// Objects as Go writes them: without the fields that are empty.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rego/value.h"

namespace attest {

class RegoFields {
 public:
  RegoFields& text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : put(name, rego::Value(value));
  }
  RegoFields& flag(std::string_view name, bool value) { return value ? put(name, rego::Value(true)) : *this; }
  RegoFields& texts(std::string_view name, const std::vector<std::string>& values) {
    rego::Value::Array items;
    for (const auto& value : values) items.emplace_back(value);
    return values.empty() ? *this : put(name, rego::Value(std::move(items)));
  }
  RegoFields& texts(std::string_view name, const std::map<std::string, std::string>& values) {
    rego::Value::Object members;
    for (const auto& [key, value] : values) members.emplace(rego::Value(key), rego::Value(value));
    return values.empty() ? *this : put(name, rego::Value(std::move(members)));
  }
  RegoFields& put(std::string_view name, rego::Value value) {
    fields_.insert_or_assign(rego::Value(name), std::move(value));
    return *this;
  }
  RegoFields& unknown(std::string_view name, std::string path) {
    return put(name, rego::Value::unknown(std::move(path)));
  }
  rego::Value take() { return rego::Value(std::move(fields_)); }

 private:
  rego::Value::Object fields_;
};

}  // namespace attest
