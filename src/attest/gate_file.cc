// SPDX-License-Identifier: Apache-2.0
// The table [gate] of a slipway.toml.
#include <toml++/toml.h>

#include <sstream>

#include "attest/gates.h"
#include "base/error.h"
#include "base/format.h"

namespace attest {
namespace {

std::string as_rule(const std::string& key, const toml::node& value, const std::string& name) {
  if (const auto flag = value.value_exact<bool>()) return key + (*flag ? "" : "=false");
  if (const auto text = value.value_exact<std::string>()) return key + "=" + *text;
  if (const auto number = value.value_exact<std::int64_t>()) return key + "=" + std::to_string(*number);
  base::fail(base::Code::invalid_argument, "{}:{}: gate.{}: want true, a text, a number or a list", name,
             value.source().begin.line, key);
}

}  // namespace

Gates parse_gate_file(const std::string& text, const std::string& name) {
  toml::table document;
  try {
    document = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    base::fail(base::Code::invalid_argument, "{}:{}: {}", name, error.source().begin.line,
               std::string(error.description()));
  }
  std::vector<std::string> rules;
  const toml::table* gate = document["gate"].as_table();
  if (document.contains("gate") && !gate) base::fail(base::Code::invalid_argument, "{}: gate is no table", name);
  if (!gate) return {};
  for (const auto& [key, value] : *gate) {
    const std::string rule(key.str());
    if (const auto* list = value.as_array()) {
      for (const auto& item : *list) rules.push_back(as_rule(rule, item, name));
    } else if (const auto* stages = value.as_table()) {
      for (const auto& [stage, size] : *stages)
        rules.push_back(as_rule(rule + "." + std::string(stage.str()), size, name));
    } else {
      rules.push_back(as_rule(rule, value, name));
    }
  }
  return base::with_context([&] { return parse_gates(rules); }, "{}", name);
}

}  // namespace attest
