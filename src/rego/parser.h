// SPDX-License-Identifier: Apache-2.0
#pragma once
// From text to a module: Rego as of version 1 (`if` before bodies, `contains` for sets).
//
// What is not supported is an error, never passed over. Source: openpolicyagent.org, "Policy Language" and its grammar.
#include <string>
#include <string_view>

#include "rego/ast.h"

namespace rego {

/// Throws invalid_argument, "file:line:column: why".
Module parse_module(std::string_view text, const std::string& file);

/// Whether the term is a value as it is written: without variables, calls, references and comprehensions.
bool is_ground_text(const Term& term);

}  // namespace rego
