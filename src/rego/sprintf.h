// SPDX-License-Identifier: Apache-2.0
#pragma once
// Go's fmt.Sprintf over values of Rego.
#include <optional>
#include <string>
#include <string_view>

#include "rego/value.h"

namespace rego {

/// Verbs v s q d b o x X c t e f g and %, with the flags - + # 0, space, width and precision. What does not fit a verb
/// is said as Go says it ("%!d(string=a)"). Nothing for a width or precision beyond 1000, or for a
/// text of megabytes.
std::optional<std::string> format_values(std::string_view format, const Value::Array& values);

}  // namespace rego
