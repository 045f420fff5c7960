// SPDX-License-Identifier: Apache-2.0
#include "base/byte_size.h"

#include <string>

#include "base/strings.h"

namespace base {

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto number = parse_int(digits);
  std::string unit = lower(trim(text.substr(digits.size())));
  if (!number || *number < 0) return std::nullopt;
  std::uint64_t step = 1000;
  if (unit.size() == 3 && unit.ends_with("ib")) {
    step = 1024;
    unit.resize(1);
  }
  if (unit.size() == 2 && unit.ends_with('b')) unit.resize(1);
  const auto power = std::string_view("bkmgt").find(unit.empty() ? "b" : unit);
  if (power == std::string_view::npos || unit.size() > 1) return std::nullopt;
  auto bytes = static_cast<std::uint64_t>(*number);
  for (std::size_t i = 0; i < power; ++i) {
    if (bytes > UINT64_MAX / step) return std::nullopt;
    bytes *= step;
  }
  return bytes;
}

}  // namespace base
