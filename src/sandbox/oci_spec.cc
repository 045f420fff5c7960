// SPDX-License-Identifier: Apache-2.0
#include "sandbox/oci_spec.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/strings.h"
#include "sandbox/capabilities.h"
#include "sandbox/seccomp.h"
#include "sandbox/seccomp_program.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kDefaultShmSize = 64U << 20;
constexpr int kUmask = 022;
constexpr int kCapSysResource = 24;

const std::vector<std::string> kMaskedPaths = {
    "/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap",
    "/proc/scsi",
};
const std::vector<std::string> kReadonlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};

struct LimitName {
  std::string_view name;
  __rlimit_resource resource;
};
constexpr std::array kLimitNames = {
    LimitName{"core", RLIMIT_CORE},         LimitName{"cpu", RLIMIT_CPU},
    LimitName{"data", RLIMIT_DATA},         LimitName{"fsize", RLIMIT_FSIZE},
    LimitName{"locks", RLIMIT_LOCKS},       LimitName{"memlock", RLIMIT_MEMLOCK},
    LimitName{"msgqueue", RLIMIT_MSGQUEUE}, LimitName{"nice", RLIMIT_NICE},
    LimitName{"nofile", RLIMIT_NOFILE},     LimitName{"nproc", RLIMIT_NPROC},
    LimitName{"rss", RLIMIT_RSS},           LimitName{"rtprio", RLIMIT_RTPRIO},
    LimitName{"rttime", RLIMIT_RTTIME},     LimitName{"sigpending", RLIMIT_SIGPENDING},
    LimitName{"stack", RLIMIT_STACK},
};

/// Stands in the document for 2^64-1, which a signed number cannot say.
constexpr std::string_view kInfinity = "@unlimited@";

base::Json limit_value(rlim_t value) {
  if (value == RLIM_INFINITY) return kInfinity;
  return static_cast<std::int64_t>(value);
}

Mount sys_mount(const World& world, const ContainerSpec& spec) {
  const std::string access = spec.security == Security::insecure ? "rw" : "ro";
  if (world.rootless() && spec.network == Network::host) {
    // sysfs belongs to a network namespace, and this one is not ours: the host's mount, bound.
    return {"/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", "r" + access}};
  }
  return {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access}};
}

std::vector<Mount> default_mounts(const World& world, const ContainerSpec& spec, const SpecPlaces& places) {
  const std::uint64_t shm = spec.shm_size != 0 ? spec.shm_size : kDefaultShmSize;
  const bool terminals_group = world.uids.empty() || is_mapped(world.gids, 5);
  std::vector<Mount> mounts;
  if (world.fresh_proc) {
    mounts.push_back({"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}});
  } else {
    mounts.push_back({"/proc", "bind", "/proc", {"rbind"}});
  }
  mounts.push_back({"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}});
  Mount terminals{"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}};
  if (terminals_group) terminals.options.emplace_back("gid=5");
  mounts.push_back(std::move(terminals));
  mounts.push_back(
      {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", base::format("size={}", shm)}});
  mounts.push_back({"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}});
  mounts.push_back(sys_mount(world, spec));
  const std::vector<std::string> file_options = {"nosuid", "noexec", "nodev", "rbind", "ro"};
  mounts.push_back({"/etc/resolv.conf", "bind", places.resolv_conf, file_options});
  mounts.push_back({"/etc/hosts", "bind", places.hosts, file_options});
  if (world.cgroups != CgroupLayout::none && !world.rootless()) {
    const std::string access = spec.security == Security::insecure ? "rw" : "ro";
    mounts.push_back({"/sys/fs/cgroup", "cgroup", "cgroup", {access, "nosuid", "noexec", "nodev"}});
  }
  return mounts;
}

base::Json json_of(const Mount& mount) {
  base::Json json = base::Json::object();
  json.set("destination", mount.target).set("type", mount.type).set("source", mount.source);
  json.set("options", base::Json::strings(mount.options));
  return json;
}

base::Json oci_user(const User& user) {
  std::vector<std::uint32_t> gids = user.additional_gids;
  if (std::find(gids.begin(), gids.end(), user.gid) == gids.end()) gids.insert(gids.begin(), user.gid);
  base::Json list = base::Json::array();
  for (const auto gid : gids) list.push(std::int64_t{gid});
  base::Json json = base::Json::object();
  json.set("uid", std::int64_t{user.uid}).set("gid", std::int64_t{user.gid}).set("umask", kUmask);
  json.set("additionalGids", std::move(list));
  return json;
}

base::Json oci_capabilities(const World& world, const ContainerSpec& spec) {
  base::Json json = base::Json::object();
  const bool insecure = spec.security == Security::insecure;
  auto granted = insecure ? capability_names(effective_capabilities()) : default_capabilities();
  if (!insecure && !world.may_make_devices()) std::erase(granted, "CAP_MKNOD");
  const auto names = base::Json::strings(granted);
  json.set("bounding", names).set("effective", names).set("permitted", names);
  if (insecure) json.set("inheritable", names).set("ambient", names);
  return json;
}

base::Json oci_process(const World& world, const ContainerSpec& spec, std::vector<std::string>& notes) {
  const bool may_raise = !world.rootless() && ((effective_capabilities() >> kCapSysResource) & 1) != 0;
  base::Json user = oci_user(spec.user);
  // Without subordinate ids the kernel forbids setgroups(2) altogether.
  if (world.tier == TierKind::single_id) user.erase("additionalGids");
  base::Json json = base::Json::object();
  json.set("terminal", spec.terminal).set("user", std::move(user)).set("args", base::Json::strings(spec.argv));
  json.set("env", base::Json::strings(spec.env))
      .set("cwd", spec.cwd)
      .set("capabilities", oci_capabilities(world, spec));
  json.set_nonempty("rlimits", oci_rlimits(spec.ulimits, may_raise, notes));
  json.set("noNewPrivileges", false);
  return json;
}

base::Json oci_namespaces(const World& world, const ContainerSpec& spec) {
  std::vector<std::string> kinds = {"pid", "ipc", "uts", "mount"};
  if (spec.network != Network::host) kinds.emplace_back("network");
  if (world.cgroups == CgroupLayout::v2) kinds.emplace_back("cgroup");
  base::Json list = base::Json::array();
  for (const auto& kind : kinds) {
    base::Json entry = base::Json::object();
    entry.set("type", kind);
    if (kind == "network" && !spec.network_path.empty()) entry.set("path", spec.network_path);
    list.push(std::move(entry));
  }
  return list;
}

base::Json device_rule(bool allow, std::string_view type) {
  base::Json rule = base::Json::object();
  rule.set("allow", allow).set_nonempty("type", type).set("access", "rwm");
  return rule;
}

base::Json oci_resources(const ContainerSpec& spec) {
  base::Json devices = base::Json::array();
  if (spec.security == Security::insecure) {
    devices.push(device_rule(true, "c")).push(device_rule(true, "b"));
  } else {
    devices.push(device_rule(false, ""));
  }
  base::Json json = base::Json::object();
  json.set("devices", std::move(devices));
  const Limits& limits = spec.limits;
  base::Json memory = base::Json::object();
  memory.set_nonempty("limit", limits.memory).set_nonempty("swap", limits.memory_swap);
  base::Json cpu = base::Json::object();
  cpu.set_nonempty("shares", limits.cpu_shares).set_nonempty("quota", limits.cpu_quota);
  cpu.set_nonempty("period", limits.cpu_period);
  cpu.set_nonempty("cpus", limits.cpuset_cpus).set_nonempty("mems", limits.cpuset_mems);
  json.set_nonempty("memory", std::move(memory)).set_nonempty("cpu", std::move(cpu));
  return json;
}

Socketcall socketcall_of(const ContainerSpec& spec) {
  const bool closed = spec.network == Network::none || spec.network == Network::closed;
  return closed ? Socketcall::no_socket : Socketcall::any;
}

base::Json oci_linux(const World& world, const ContainerSpec& spec, const SpecPlaces& places) {
  base::Json json = base::Json::object();
  json.set("namespaces", oci_namespaces(world, spec));
  if (!places.cgroups_path.empty()) {
    json.set("cgroupsPath", places.cgroups_path).set("resources", oci_resources(spec));
  }
  if (spec.security == Security::insecure) return json;
  json.set("seccomp", seccomp_profile());
  // A bound /proc is the helper's own, where nothing may be covered.
  const auto in_reach = [&](std::vector<std::string> paths) {
    if (!world.fresh_proc) std::erase_if(paths, [](const std::string& path) { return path.starts_with("/proc"); });
    return base::Json::strings(paths);
  };
  json.set("maskedPaths", in_reach(kMaskedPaths)).set("readonlyPaths", in_reach(kReadonlyPaths));
  return json;
}

}  // namespace

std::vector<Mount> oci_mounts(const World& world, const ContainerSpec& spec, const SpecPlaces& places) {
  std::vector<Mount> mounts = default_mounts(world, spec, places);
  std::vector<Mount> own = spec.mounts;
  std::stable_sort(own.begin(), own.end(), [](const Mount& a, const Mount& b) { return a.target < b.target; });
  for (auto& mount : own) {
    const auto same =
        std::find_if(mounts.begin(), mounts.end(), [&](const Mount& other) { return other.target == mount.target; });
    if (same != mounts.end()) {
      *same = std::move(mount);
    } else {
      mounts.push_back(std::move(mount));
    }
  }
  return mounts;
}

base::Json oci_rlimits(const std::vector<Ulimit>& ulimits, bool may_raise, std::vector<std::string>& notes) {
  base::Json list = base::Json::array();
  for (const auto& ulimit : ulimits) {
    const auto* known = std::find_if(kLimitNames.begin(), kLimitNames.end(),
                                     [&](const LimitName& entry) { return entry.name == ulimit.name; });
    if (known == kLimitNames.end()) {
      base::fail(base::Code::invalid_argument, "unknown ulimit \"{}\"", ulimit.name);
    }
    const auto as_limit = [](std::int64_t value) { return value < 0 ? RLIM_INFINITY : static_cast<rlim_t>(value); };
    rlim_t hard = as_limit(ulimit.hard);
    rlimit now{};
    SLIP_SYSCALL(::getrlimit(known->resource, &now), "read the limit {}", ulimit.name);
    if (!may_raise && hard > now.rlim_max) {
      hard = now.rlim_max;
      notes.push_back(base::format("ulimit {} is lowered to {}, the hard limit of this process", ulimit.name, hard));
    }
    base::Json entry = base::Json::object();
    entry.set("type", "RLIMIT_" + base::upper(ulimit.name)).set("hard", limit_value(hard));
    entry.set("soft", limit_value(std::min(as_limit(ulimit.soft), hard)));
    list.push(std::move(entry));
  }
  return list;
}

std::string oci_config(const World& world, const ContainerSpec& spec, const SpecPlaces& places,
                       std::vector<std::string>& notes) {
  base::Json root = base::Json::object();
  root.set("path", spec.rootfs).set("readonly", spec.root_access == RootAccess::read_only);
  base::Json mounts = base::Json::array();
  for (const auto& mount : oci_mounts(world, spec, places)) mounts.push(json_of(mount));
  base::Json config = base::Json::object();
  config.set("ociVersion", "1.0.2").set("process", oci_process(world, spec, notes)).set("root", std::move(root));
  config.set("hostname", spec.hostname.empty() ? "buildkitsandbox" : spec.hostname);
  config.set("mounts", std::move(mounts)).set("linux", oci_linux(world, spec, places));
  const std::string& program = seccomp_program_text(socketcall_of(spec));
  if (spec.security == Security::sandbox && !program.empty()) {
    // crun takes the ready program instead of the profile; other runtimes know nothing of it.
    base::Json annotations = base::Json::object();
    annotations.set("run.oci.seccomp_bpf_data", program);
    config.set("annotations", std::move(annotations));
  }
  return base::replace_all(config.dump(), base::json_quote(kInfinity), std::to_string(RLIM_INFINITY));
}

}  // namespace sandbox
