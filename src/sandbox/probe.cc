// SPDX-License-Identifier: Apache-2.0
#include "sandbox/probe.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "sandbox/overlay_trial.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kComfortableFiles = 4096;

Gate ok(std::string name, std::string detail) { return {std::move(name), GateState::ok, std::move(detail), ""}; }

std::string first_line(std::string_view text) { return base::split(base::trim(text), '\n')[0]; }

std::string version_of(const std::string& program) {
  base::Command command;
  command.argv = {program, "--version"};
  try {
    return first_line(base::run_collect(command).out);
  } catch (const base::Error&) {
    return "";
  }
}

/// `path`, or the nearest directory above it that is there: where it would be made.
std::string nearest_directory(std::string path) {
  while (path != "/" && !base::stat_if_exists(path)) path = base::clean_path(path + "/..");
  return path;
}

void try_overlay(MachineFacts& facts, const Tier& tier, const std::string& directory) {
  if (tier.kind == TierKind::unavailable) {
    facts.overlay_reason = "no mount namespace can be made";
    return;
  }
  const auto where = tier.kind == TierKind::root ? TrialNamespace::mount : TrialNamespace::user_and_mount;
  try {
    const int error = sandbox::try_overlay(nearest_directory(directory), where);
    facts.overlay = error == 0;
    if (error != 0) facts.overlay_reason = std::strerror(error);
  } catch (const base::Error& error) {
    facts.overlay_reason = error.what();
  }
}

bool is_root(const MachineFacts& facts) { return choose_tier(facts.tier).kind == TierKind::root; }

std::pair<int, int> kernel_version(std::string_view release) {
  const auto parts = base::split(release, '.');
  const auto number = [&](std::size_t index) {
    if (index >= parts.size()) return 0;
    const auto digits = parts[index].substr(0, parts[index].find_first_not_of("0123456789"));
    return static_cast<int>(base::parse_int(digits).value_or(0));
  };
  return {number(0), number(1)};
}

Gate judge_kernel(const MachineFacts& facts) {
  const std::string detail = base::format("Linux {}", facts.kernel_release);
  if (kernel_version(facts.kernel_release) >= std::pair(5, 11)) return ok("kernel", detail);
  return {"kernel", GateState::limited, detail, "Linux 5.11 or newer mounts overlays without root"};
}

Gate judge_user_namespaces(const MachineFacts& facts) {
  if (is_root(facts)) return ok("user namespaces", "not needed: running as root");
  if (facts.tier.user_namespaces) return ok("user namespaces", "an unprivileged one can be made");
  const GateVerdict verdict = explain_userns_failure(0, facts.gates);
  return {"user namespaces", GateState::shut, facts.tier.user_namespaces_reason, verdict.fix};
}

std::uint64_t total(const SubordinateIds& ranges) {
  std::uint64_t sum = 0;
  for (const auto& range : ranges) sum += range.count;
  return sum;
}

Gate judge_subordinate_ids(const MachineFacts& facts) {
  const std::string name = "subordinate ids";
  if (is_root(facts)) return ok(name, "not needed: running as root");
  const auto& tier = facts.tier;
  if (tier.subuids.empty() || tier.subgids.empty()) {
    return {name, GateState::limited, "/etc/subuid and /etc/subgid give this user no ids",
            "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"};
  }
  if (!tier.newuidmap) {
    return {name, GateState::limited, "newuidmap and newgidmap are not installed", "install the package uidmap"};
  }
  const std::uint64_t count = std::min(total(tier.subuids), total(tier.subgids));
  const std::string detail = base::format("{} ids", count);
  if (count >= 65536) return ok(name, detail);
  return {name, GateState::limited, detail, "65536 ids let images use every id of the usual range"};
}

Gate judge_overlay(const MachineFacts& facts) {
  if (facts.overlay) return ok("overlay", "can be mounted");
  const std::string detail = base::format("cannot be mounted: {}", facts.overlay_reason);
  if (facts.fuse_overlayfs) {
    return {"overlay", GateState::limited, detail + "; fuse-overlayfs is installed",
            "Linux 5.11 or newer, and a store on a file system with xattrs (not NFS, not itself an overlay)"};
  }
  return {"overlay", GateState::limited, detail + "; layers are copied, which is slow",
          "use Linux 5.11 or newer and a store on ext4, xfs or btrfs, or install the package fuse-overlayfs"};
}

Gate judge_cgroups(const MachineFacts& facts) {
  const std::string detail(cgroup_layout_name(facts.cgroups));
  if (!is_root(facts)) {
    return {"control groups", GateState::limited, detail + ", not ours to use without root",
            "memory and CPU limits of steps need root; everything else works"};
  }
  if (facts.cgroups == CgroupLayout::none) {
    return {"control groups", GateState::limited, "none mounted", "mount -t cgroup2 none /sys/fs/cgroup"};
  }
  if (facts.cgroups == CgroupLayout::hybrid) return ok("control groups", "hybrid; the v2 part is hidden from crun");
  return ok("control groups", detail);
}

Gate judge_seccomp(const MachineFacts& facts) {
  if (facts.seccomp_filter) return ok("seccomp", "filters can be used");
  return {"seccomp", GateState::shut, "this kernel has no seccomp filters",
          "use a kernel with CONFIG_SECCOMP_FILTER=y"};
}

Gate judge_runtime(const MachineFacts& facts) {
  if (facts.runtime.empty()) {
    return {"OCI runtime", GateState::shut, "neither crun nor runc is in PATH", "install the package crun"};
  }
  const std::string detail = base::format("{} ({})", facts.runtime, facts.runtime_version);
  if (base::base_name(facts.runtime) == "crun") return ok("OCI runtime", detail);
  return {"OCI runtime", GateState::limited, detail,
          "crun starts a step several times faster: install the package crun"};
}

Gate judge_network(const MachineFacts& facts) {
  if (is_root(facts)) return ok("network", "steps share the host's");
  if (!facts.network.path.empty()) return ok("network", "steps have their own, through " + facts.network.path);
  return {"network", GateState::limited, "steps share the host's: " + facts.network.reason, facts.network.fix};
}

Gate judge_files(const MachineFacts& facts) {
  const std::string detail = base::format("{} (hard limit {})", facts.nofile_soft, facts.nofile_hard);
  if (facts.nofile_hard >= kComfortableFiles) return ok("open files", detail);
  return {"open files", GateState::limited, detail, base::format("raise the hard limit to {}", kComfortableFiles)};
}

Gate judge_tier(const MachineFacts& facts) {
  const Tier tier = choose_tier(facts.tier);
  switch (tier.kind) {
    case TierKind::root:
    case TierKind::mapped_ids: return ok("tier", describe(tier));
    case TierKind::single_id: return {"tier", GateState::limited, describe(tier), "open the gate \"subordinate ids\""};
    case TierKind::unavailable: break;
  }
  return {"tier", GateState::shut, describe(tier), "open the gate \"user namespaces\", or build as root"};
}

}  // namespace

std::string_view gate_state_name(GateState state) {
  switch (state) {
    case GateState::ok: return "ok";
    case GateState::limited: return "limited";
    case GateState::shut: return "shut";
  }
  return "shut";
}

MachineFacts read_machine_facts(const std::string& directory) {
  MachineFacts facts;
  facts.tier = read_tier_facts();
  facts.gates = read_userns_gates();
  utsname name{};
  if (::uname(&name) == 0) facts.kernel_release = name.release;
  try_overlay(facts, choose_tier(facts.tier), directory);
  facts.fuse_overlayfs = base::find_program("fuse-overlayfs").has_value();
  // Asking for the filter mode without a filter: EFAULT means that the mode exists.
  facts.seccomp_filter = ::prctl(PR_SET_SECCOMP, 2, nullptr) == -1 && errno == EFAULT;
  facts.cgroups = detect_cgroup_layout(base::read_file_if_exists("/proc/self/mountinfo").value_or(""));
  for (const char* program : {"crun", "runc"}) {
    if (!facts.runtime.empty()) break;
    facts.runtime = base::find_program(program).value_or("");
  }
  if (!facts.runtime.empty()) facts.runtime_version = version_of(facts.runtime);
  facts.network = find_network_program();
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  facts.nofile_soft = files.rlim_cur;
  facts.nofile_hard = files.rlim_max;
  return facts;
}

std::vector<Gate> judge(const MachineFacts& facts) {
  return {judge_tier(facts),    judge_kernel(facts),  judge_user_namespaces(facts), judge_subordinate_ids(facts),
          judge_overlay(facts), judge_cgroups(facts), judge_seccomp(facts),         judge_runtime(facts),
          judge_network(facts), judge_files(facts)};
}

}  // namespace sandbox
