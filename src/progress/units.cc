// SPDX-License-Identifier: Apache-2.0
#include "progress/units.h"

#include <array>
#include <cstddef>

#include "base/format.h"

namespace progress {

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return base::format("{}B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.995 would be shown as 1000.00.
  while (value >= 999.995 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return base::format("{:.2f}{}", value, kUnits[unit]);
}

}  // namespace progress
