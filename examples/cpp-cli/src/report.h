// SPDX-License-Identifier: Apache-2.0
// A summary as text for people or JSON for programs.
#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "summary.h"

void write_text(std::ostream& out, const Summary& summary, std::size_t top);
void write_json(std::ostream& out, const Summary& summary, std::size_t top);

// `text` with quotes, escaped.
std::string json_string(std::string_view text);
// "1.5 MB".
std::string size_text(std::uint64_t bytes);
