// SPDX-License-Identifier: Apache-2.0
#include "sandbox/idmap.h"

#include <algorithm>
#include <limits>

#include "base/format.h"
#include "base/strings.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kIdLimit = std::numeric_limits<std::uint32_t>::max();  // the last id, (uid_t)-1, is no id

}  // namespace

SubordinateIds parse_subordinate_ids(std::string_view text, std::string_view user, uid_t uid) {
  SubordinateIds ranges;
  const std::string number = std::to_string(uid);
  for (const auto& line : base::split(text, '\n')) {
    const auto fields = base::split(base::trim(line), ':');
    if (fields.size() != 3 || (fields[0] != user && fields[0] != number)) continue;
    const auto first = base::parse_int(fields[1]);
    const auto count = base::parse_int(fields[2]);
    if (!first || !count || *first < 0 || *count <= 0) continue;
    if (static_cast<std::uint64_t>(*first) + static_cast<std::uint64_t>(*count) > kIdLimit) continue;
    ranges.push_back({static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*count)});
  }
  return ranges;
}

IdMap make_id_map(std::uint32_t own, const SubordinateIds& ranges) {
  IdMap map = {{0, own, 1}};
  std::uint64_t next = 1;
  for (const auto& range : ranges) {
    const std::uint64_t end = std::uint64_t{range.first} + range.count;
    const bool overlaps = std::any_of(map.begin(), map.end(), [&](const IdRange& row) {
      return range.first < std::uint64_t{row.outside} + row.count && row.outside < end;
    });
    if (overlaps || end > kIdLimit || next + range.count > kIdLimit) continue;
    map.push_back({static_cast<std::uint32_t>(next), range.first, range.count});
    next += range.count;
  }
  return map;
}

std::uint64_t id_count(const IdMap& map) {
  std::uint64_t count = 0;
  for (const auto& row : map) count += row.count;
  return count;
}

bool is_mapped(const IdMap& map, std::uint32_t id) {
  return std::any_of(map.begin(), map.end(),
                     [&](const IdRange& row) { return id >= row.inside && id - row.inside < row.count; });
}

std::string id_map_text(const IdMap& map) {
  std::string text;
  for (const auto& row : map) text += base::format("{} {} {}\n", row.inside, row.outside, row.count);
  return text;
}

std::vector<std::string> id_map_arguments(const IdMap& map) {
  std::vector<std::string> arguments;
  for (const auto& row : map) {
    for (const std::uint32_t number : {row.inside, row.outside, row.count}) {
      arguments.push_back(std::to_string(number));
    }
  }
  return arguments;
}

base::Json to_json(const IdMap& map) {
  base::Json rows = base::Json::array();
  for (const auto& row : map) {
    base::Json numbers = base::Json::array();
    numbers.push(std::int64_t{row.inside}).push(std::int64_t{row.outside}).push(std::int64_t{row.count});
    rows.push(std::move(numbers));
  }
  return rows;
}

IdMap id_map_from_json(const base::Json& json) {
  IdMap map;
  for (const auto& row : json.items()) {
    const auto& numbers = row.items();
    if (numbers.size() != 3) continue;
    map.push_back({static_cast<std::uint32_t>(numbers[0].int_or(0)), static_cast<std::uint32_t>(numbers[1].int_or(0)),
                   static_cast<std::uint32_t>(numbers[2].int_or(0))});
  }
  return map;
}

}  // namespace sandbox
