// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sizes as people write them.
#include <cstdint>
#include <optional>
#include <string_view>

namespace base {

/// "500MB", "2GiB", "1000", "10k": kB, MB, GB, TB are powers of 1000, KiB, MiB, GiB, TiB of 1024; nothing for other
/// texts.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace base
