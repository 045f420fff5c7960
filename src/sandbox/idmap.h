// SPDX-License-Identifier: Apache-2.0
#pragma once
// Id maps: which ids of the host stand behind the ids of the helper's user namespace.
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sandbox {

/// One row of /proc/PID/uid_map.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};

using IdMap = std::vector<IdRange>;

/// The ranges that /etc/subuid or /etc/subgid gives to one user.
struct SubordinateRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const SubordinateRange&) const = default;
};
using SubordinateIds = std::vector<SubordinateRange>;

/// Rows of `text` (name:first:count) for the user's name or decimal uid; malformed rows are skipped.
SubordinateIds parse_subordinate_ids(std::string_view text, std::string_view user, uid_t uid);

/// 0 → `own`, then 1… → the ranges in order; rows that overlap `own` or overflow are left out.
IdMap make_id_map(std::uint32_t own, const SubordinateIds& ranges);

/// How many ids the map has.
std::uint64_t id_count(const IdMap& map);
/// True when `id` has a meaning inside.
bool is_mapped(const IdMap& map, std::uint32_t id);
/// The text for /proc/PID/uid_map.
std::string id_map_text(const IdMap& map);
/// The arguments of newuidmap after the pid.
std::vector<std::string> id_map_arguments(const IdMap& map);

base::Json to_json(const IdMap& map);
IdMap id_map_from_json(const base::Json& json);

}  // namespace sandbox
