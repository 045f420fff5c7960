// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which neighbouring layers become one at export: --squash and --layers.
//
// The steps stay cached one by one; only what is written is grouped, so that a build with another
// grouping runs nothing again. The answer depends on the layers' sizes alone.
//
//     plan_groups(sizes, {.squash = Squash::final}, base_layers)   // {1, 1, 5}: two of the base, one new
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace output {

/// final: what this build added becomes one layer over the base's. all: the whole image is one layer.
enum class Squash : std::uint8_t { none, final, all };

struct Grouping {
  Squash squash = Squash::none;
  std::optional<std::size_t> max_layers;
  bool operator==(const Grouping&) const = default;
};

/// "final", "all" or "none"; throws invalid_argument.
Squash parse_squash(std::string_view text);
/// "max:N" with N ≥ 1; throws invalid_argument.
std::size_t parse_max_layers(std::string_view text);

/// Lengths of the groups, bottom first; their sum is the number of layers. `sizes`: bytes of each layer,
/// bottom first, of which the first `base_layers` come from the base image.
/// With a limit the two neighbours that are smallest together are joined until the limit holds; the
/// base's layers are left alone as long as there is room for one more beside them, since other images
/// share them.
std::vector<std::size_t> plan_groups(std::span<const std::uint64_t> sizes, const Grouping& grouping,
                                     std::size_t base_layers);

}  // namespace output
