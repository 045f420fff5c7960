// SPDX-License-Identifier: Apache-2.0
#include "output/layer_groups.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"

namespace output {
namespace {

struct Group {
  std::size_t layers = 0;
  std::uint64_t size = 0;
};

Group join(std::span<const Group> groups) {
  Group joined;
  for (const Group& group : groups) {
    joined.layers += group.layers;
    joined.size += group.size;
  }
  return joined;
}

/// Makes one group of everything from `first` on.
void join_from(std::vector<Group>& groups, std::size_t first) {
  if (groups.size() <= first) return;
  const Group joined = join(std::span(groups).subspan(first));
  groups.resize(first);
  groups.push_back(joined);
}

/// The first of the two neighbours, at `first` or above, that are smallest together.
std::size_t smallest_pair(const std::vector<Group>& groups, std::size_t first) {
  std::size_t best = first;
  for (std::size_t i = first; i + 1 < groups.size(); ++i) {
    if (groups[i].size + groups[i + 1].size < groups[best].size + groups[best + 1].size) best = i;
  }
  return best;
}

void limit(std::vector<Group>& groups, std::size_t most, std::size_t base) {
  const std::size_t first = base < most ? base : 0;
  while (groups.size() > most) {
    const std::size_t pair = smallest_pair(groups, first);
    groups[pair] = join(std::span(groups).subspan(pair, 2));
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(pair) + 1);
  }
}

}  // namespace

Squash parse_squash(std::string_view text) {
  if (text == "final" || text == "true") return Squash::final;
  if (text == "all") return Squash::all;
  if (text == "none" || text == "false") return Squash::none;
  base::fail(base::Code::invalid_argument, "invalid squash \"{}\": want final (the layers of this build) or all", text);
}

std::size_t parse_max_layers(std::string_view text) {
  constexpr std::string_view kPrefix = "max:";
  const auto count = text.starts_with(kPrefix) ? base::parse_int(text.substr(kPrefix.size())) : std::nullopt;
  if (!count || *count < 1) {
    base::fail(base::Code::invalid_argument, "invalid layers \"{}\": want max:N with N of at least 1", text);
  }
  return static_cast<std::size_t>(*count);
}

std::vector<std::size_t> plan_groups(std::span<const std::uint64_t> sizes, const Grouping& grouping,
                                     std::size_t base_layers) {
  std::vector<Group> groups;
  for (const std::uint64_t size : sizes) groups.push_back({1, size});
  std::size_t base = std::min(base_layers, groups.size());
  if (grouping.squash == Squash::final) join_from(groups, base);
  if (grouping.squash == Squash::all) {
    join_from(groups, 0);
    base = 0;
  }
  if (grouping.max_layers) limit(groups, *grouping.max_layers, base);
  std::vector<std::size_t> lengths;
  for (const Group& group : groups) lengths.push_back(group.layers);
  return lengths;
}

}  // namespace output
