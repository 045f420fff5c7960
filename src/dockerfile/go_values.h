// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values in flags and options, in the spellings that Go's libraries accept.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

/// 1 t T TRUE true True, 0 f F FALSE false False; nothing otherwise.
std::optional<bool> parse_bool(std::string_view text);

/// Digits only, in `radix`, at most 32 bits.
std::optional<std::uint32_t> parse_uint32(std::string_view text, int radix);

/// "1h30m", "1.5s", "-2ms" … in nanoseconds. Throws invalid_argument ("time: invalid duration …").
std::int64_t parse_duration(std::string_view text);

/// "64m", "1.5 GiB", "512": bytes, in powers of 1024; nothing otherwise.
std::optional<std::int64_t> parse_ram_size(std::string_view text);

/// One record of comma-separated values. Throws invalid_argument: "EOF" for an empty one, else where the
/// quotes are wrong.
std::vector<std::string> parse_csv(std::string_view text);

}  // namespace dockerfile
