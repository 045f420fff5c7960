// SPDX-License-Identifier: Apache-2.0
// The table [gate] of a slipway.toml.
#include "attest/gates.h"
#include "base/error.h"
#include "base/format.h"
#include "base/toml.h"

namespace attest {
namespace {

std::string as_rule(const std::string& key, const base::Toml& value, const std::string& name) {
  if (value.flag()) return key + (*value.flag() ? "" : "=false");
  if (value.text()) return key + "=" + *value.text();
  if (value.number()) return key + "=" + std::to_string(*value.number());
  base::fail(base::Code::invalid_argument, "{}:{}: gate.{}: want true, a text, a number or a list", name, value.line(),
             key);
}

}  // namespace

Gates parse_gate_file(const std::string& text, const std::string& name) {
  const auto document = base::Toml::parse(text, name);
  std::vector<std::string> rules;
  const base::Toml* gate = document.find("gate");
  if (!gate) return {};
  if (!gate->table()) base::fail(base::Code::invalid_argument, "{}:{}: gate is no table", name, gate->line());
  for (const auto& [rule, value] : *gate->table()) {
    if (const auto* list = value.array()) {
      for (const auto& item : *list) rules.push_back(as_rule(rule, item, name));
    } else if (const auto* stages = value.table()) {
      for (const auto& [stage, size] : *stages) rules.push_back(as_rule(rule + "." + stage, size, name));
    } else {
      rules.push_back(as_rule(rule, value, name));
    }
  }
  return base::with_context([&] { return parse_gates(rules); }, "{}", name);
}

}  // namespace attest
