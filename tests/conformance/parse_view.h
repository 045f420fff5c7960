// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the parser makes of a Dockerfile, in the corpus's schema.
#include <string_view>

#include "base/json.h"
#include "dockerfile/source_errors.h"

namespace conformance {

/// Directives, syntax, escape, warnings, the syntax tree and the digest of its dump, or the error.
base::Json parse_view(std::string_view dockerfile);

/// The error with which reading a Dockerfile's instructions ends; null when they are all right.
base::Json instructions_error_view(std::string_view dockerfile);

/// The directives of a text as they stand at its beginning, and the error that stopped their reading.
void add_directives(base::Json& view, std::string_view text, std::string_view error_name);

/// {ref, cmdline, ranges} of detect_syntax() or find_directive(); null for nothing.
base::Json syntax_view(std::string_view text);
base::Json directive_view(std::string_view name, std::string_view text);

/// [[start line, start character, end line, end character] …]
base::Json ranges_view(const dockerfile::Ranges& ranges);

}  // namespace conformance
