// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/ignore_file.h"

#include "base/error.h"
#include "base/path.h"
#include "base/unicode.h"
#include "dockerfile/text_lines.h"

namespace dockerfile {
namespace {

/// A pattern relative to the context's root.
std::string clean_pattern(std::string_view pattern) {
  if (pattern.empty()) return "";
  std::string clean = base::clean_path(pattern);
  return clean.size() > 1 && clean[0] == '/' ? clean.substr(1) : clean;
}

}  // namespace

std::vector<std::string> read_ignore_file(std::string_view text) {
  std::vector<std::string> patterns;
  TextLines lines(drop_bom(text));
  while (const auto line = lines.next()) {
    if (line->starts_with('#')) continue;
    const std::string_view pattern = base::trim_space(*line);
    if (pattern.empty()) continue;
    if (pattern[0] == '!') {
      patterns.push_back("!" + clean_pattern(base::trim_space(pattern.substr(1))));
    } else {
      patterns.push_back(clean_pattern(pattern));
    }
  }
  if (lines.too_long()) base::fail(base::Code::invalid_argument, "bufio.Scanner: token too long");
  return patterns;
}

}  // namespace dockerfile
