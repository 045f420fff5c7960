// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/source_errors.h"

#include <algorithm>

namespace dockerfile {

Ranges line_ranges(int first, int last) {
  Ranges ranges;
  last = std::max(first, last);
  ranges.reserve(static_cast<std::size_t>(last - first) + 1);
  for (int line = first; line <= last; ++line) ranges.push_back({{line, 0}, {line, 0}});
  return ranges;
}

void fail_at(Ranges where, std::string text) {
  throw LocatedError(base::Error(base::Code::invalid_argument, std::move(text)), std::move(where));
}

}  // namespace dockerfile
