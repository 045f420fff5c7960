// SPDX-License-Identifier: Apache-2.0
#pragma once
// The text of PAX extended headers: records "<length> <key>=<value>\n", numbers and times in them.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace layer {

using PaxRecords = std::map<std::string, std::string>;

/// The records of an extended header; a later record of a key wins. The repeated
/// GNU.sparse.offset and GNU.sparse.numbytes become one GNU.sparse.map. Nothing when malformed.
std::optional<PaxRecords> parse_pax(std::string_view text);

struct PaxTime {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;
  bool operator==(const PaxTime&) const = default;
};
/// "-1.25" is {-2, 750000000}; digits beyond nanoseconds are cut. Nothing when malformed.
std::optional<PaxTime> parse_pax_time(std::string_view text);

}  // namespace layer
