// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes and seconds as progress lines show them.
#include <cstdint>
#include <string>

#include "base/time.h"

namespace progress {

inline double to_seconds(base::Nanos time) { return static_cast<double>(time) / static_cast<double>(base::kSecond); }

/// "0B", "999B", "1.20kB", "3.40MB": two decimals from kilobytes on, powers of 1000.
std::string bytes_text(std::int64_t bytes);

}  // namespace progress
