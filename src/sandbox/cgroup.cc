// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cgroup.h"

#include <unistd.h>

#include <ctime>

#include "base/error.h"
#include "base/file.h"
#include "base/format.h"
#include "base/strings.h"

namespace sandbox {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";
constexpr std::int64_t kStaleSeconds = 10;

/// The number behind `key ` in a flat keyed file.
std::optional<std::uint64_t> keyed_value(std::string_view text, std::string_view key) {
  for (const auto& line : base::split(text, '\n')) {
    const auto parts = base::cut(line, " ");
    if (!parts || parts->first != key) continue;
    if (const auto number = base::parse_int(parts->second)) return static_cast<std::uint64_t>(*number);
  }
  return std::nullopt;
}

void remove_stale_below(const std::string& directory) {
  if (!base::exists(directory)) return;
  for (const auto& name : base::list_directory(directory)) {
    const std::string path = directory + "/" + name;
    const auto info = base::lstat_if_exists(path);
    if (!info || !S_ISDIR(info->st_mode)) continue;
    remove_stale_below(path);
    // A group in use refuses with EBUSY; one that was just made may not be in use yet.
    if (::time(nullptr) - info->st_mtim.tv_sec >= kStaleSeconds) (void)::rmdir(path.c_str());
  }
}

}  // namespace

std::string_view cgroup_layout_name(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::none: return "none";
    case CgroupLayout::v1: return "v1";
    case CgroupLayout::v2: return "v2";
    case CgroupLayout::hybrid: return "hybrid";
  }
  return "none";
}

CgroupLayout parse_cgroup_layout(std::string_view name) {
  for (const auto layout : {CgroupLayout::v1, CgroupLayout::v2, CgroupLayout::hybrid}) {
    if (cgroup_layout_name(layout) == name) return layout;
  }
  return CgroupLayout::none;
}

CgroupLayout detect_cgroup_layout(std::string_view mountinfo) {
  bool v1 = false;
  bool v2 = false;
  bool unified_root = false;
  for (const auto& line : base::split(mountinfo, '\n')) {
    // "id parent dev root mount-point options [optional…] - type source super-options"
    const auto halves = base::cut(line, " - ");
    if (!halves) continue;
    const auto fields = base::split(halves->first, ' ');
    if (fields.size() < 5 || !fields[4].starts_with(kRoot)) continue;
    const auto type = base::split(halves->second, ' ')[0];
    if (type == "cgroup") v1 = true;
    if (type == "cgroup2") {
      v2 = true;
      unified_root = unified_root || fields[4] == kRoot;
    }
  }
  if (unified_root && !v1) return CgroupLayout::v2;
  if (v1) return v2 ? CgroupLayout::hybrid : CgroupLayout::v1;
  return CgroupLayout::none;
}

bool Limits::any() const {
  return memory != 0 || memory_swap != 0 || cpu_shares != 0 || cpu_quota != 0 || cpu_period != 0 ||
         !cpuset_cpus.empty() || !cpuset_mems.empty();
}

std::optional<std::uint64_t> oom_kills(CgroupLayout layout, const std::string& group) {
  const bool unified = layout == CgroupLayout::v2;
  const std::string path = unified ? base::format("{}{}/memory.events", kRoot, group)
                                   : base::format("{}/memory{}/memory.oom_control", kRoot, group);
  const auto text = base::read_file_if_exists(path, 4096);
  return text ? keyed_value(*text, "oom_kill") : std::nullopt;
}

void remove_stale_cgroups(CgroupLayout layout, const std::string& parent) {
  if (layout == CgroupLayout::none) return;
  try {
    if (layout == CgroupLayout::v2) {
      remove_stale_below(base::format("{}{}", kRoot, parent));
      return;
    }
    for (const auto& hierarchy : base::list_directory(std::string(kRoot))) {
      remove_stale_below(base::format("{}/{}{}", kRoot, hierarchy, parent));
    }
  } catch (const base::Error&) {
    // Tidying is never a reason to fail; the next build tries again.
  }
}

}  // namespace sandbox
