// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/text_table.h"

#include <algorithm>

#include "base/strings.h"
#include "base/unicode.h"

namespace dockerfile {
namespace {

using Cells = std::vector<std::string>;

std::size_t width_of(const std::string& cell) { return base::decode_runes(cell).size(); }

/// Pads column `column` of lines [first, last); those that follow it are columns of their own blocks.
void pad(std::vector<Cells>& lines, std::size_t first, std::size_t last, std::size_t column, std::size_t padding) {
  const auto has_cell = [&](std::size_t line) { return column + 1 < lines[line].size(); };
  for (auto line = first; line < last; ++line) {
    if (!has_cell(line)) continue;
    auto end = line;
    std::size_t width = 0;
    for (; end < last && has_cell(end); ++end) width = std::max(width, width_of(lines[end][column]));
    for (auto i = line; i < end; ++i) {
      auto& cell = lines[i][column];
      cell.append(width + padding - width_of(cell), ' ');
    }
    pad(lines, line, end, column + 1, padding);
    line = end - 1;
  }
}

}  // namespace

std::string align_columns(std::string_view text, std::size_t padding) {
  std::vector<Cells> lines;
  for (const auto& line : base::split(text, '\n')) lines.push_back(base::split(line, '\t'));
  pad(lines, 0, lines.size(), 0, padding);
  std::vector<std::string> joined;
  joined.reserve(lines.size());
  for (const auto& cells : lines) joined.push_back(base::join(cells, ""));
  return base::join(joined, "\n");
}

}  // namespace dockerfile
