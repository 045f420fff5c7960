// SPDX-License-Identifier: Apache-2.0
#pragma once
// Control groups: what kind the host has, and the groups that containers with limits get.
//
// A step without limits gets no group of its own: its pid namespace already ends it as one, and
// making a group in nine hierarchies costs more than the rest of the container.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

enum class CgroupLayout : std::uint8_t {
  none,    ///< nothing mounted, or not ours to use
  v1,      ///< one hierarchy per controller
  v2,      ///< the unified hierarchy at /sys/fs/cgroup
  hybrid,  ///< v1 hierarchies and a v2 mount beside them
};

std::string_view cgroup_layout_name(CgroupLayout layout);
CgroupLayout parse_cgroup_layout(std::string_view name);
/// Decides from the text of /proc/self/mountinfo.
CgroupLayout detect_cgroup_layout(std::string_view mountinfo);

/// Limits of one container; 0 and "" mean none.
struct Limits {
  std::int64_t memory = 0;       ///< bytes
  std::int64_t memory_swap = 0;  ///< bytes of memory and swap together, -1 for no limit
  std::uint64_t cpu_shares = 0;
  std::int64_t cpu_quota = 0;    ///< µs per period
  std::uint64_t cpu_period = 0;  ///< µs
  std::string cpuset_cpus;
  std::string cpuset_mems;
  bool any() const;
};

/// How many processes the OOM killer ended in the group (a path below the hierarchies' roots);
/// nothing when the group does not exist.
std::optional<std::uint64_t> oom_kills(CgroupLayout layout, const std::string& group);

/// Where all groups of builds lie, in every hierarchy.
constexpr std::string_view kCgroupParent = "/slipway";

/// Removes groups of ended builds below `parent`; groups with processes and very young ones stay.
void remove_stale_cgroups(CgroupLayout layout, const std::string& parent);

}  // namespace sandbox
