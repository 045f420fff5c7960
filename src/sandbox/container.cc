// SPDX-License-Identifier: Apache-2.0
#include "sandbox/container.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "base/strings.h"
#include "sandbox/emulator.h"
#include "sandbox/hosts.h"
#include "sandbox/oci_spec.h"
#include "sandbox/runtime.h"
#include "sandbox/stubs.h"

namespace sandbox {
namespace {

/// The bundle's directory; removed with the object.
class BundleDirectory {
 public:
  BundleDirectory(const World& world, const std::string& id) : path_(world.work_dir + "/bundles/" + id) {
    base::make_directories(path_, 0700);
  }
  BundleDirectory(const BundleDirectory&) = delete;
  BundleDirectory& operator=(const BundleDirectory&) = delete;
  ~BundleDirectory() {
    try {
      base::remove_tree(path_);
    } catch (const base::Error&) {
      // It lies on the helper's own tmpfs and ends with that at the latest.
    }
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The working directory and its missing parents, owned by the user, as BuildKit makes them.
void make_working_directory(int root, const ContainerSpec& spec) {
  const std::string path = base::resolve_in_root(root, spec.cwd);
  if (path == "/" || base::open_in_root_if_exists(root, path, O_PATH)) return;
  base::Fd at = base::duplicate(root);
  for (const auto& name : base::split(path.substr(1), '/')) {
    if (::mkdirat(at.get(), name.c_str(), 0755) == 0) {
      SLIP_SYSCALL(::fchownat(at.get(), name.c_str(), spec.user.uid, spec.user.gid, AT_SYMLINK_NOFOLLOW),
                   "give working directory {} to user {}", spec.cwd, spec.user.uid);
    } else if (errno != EEXIST) {
      base::fail_errno(errno, base::format("make working directory {}", spec.cwd));
    }
    at = base::Fd(
        static_cast<int>(SLIP_SYSCALL(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                      "make working directory {}", spec.cwd)));
  }
}

StubTarget stub_for(const Mount& mount) {
  const bool bind = mount.type == "bind" || mount.type == "none";
  const auto source = bind ? base::stat_if_exists(mount.source) : std::nullopt;
  const bool file = source && !S_ISDIR(source->st_mode);
  StubTarget target{base::clean_path(mount.target), file ? StubTarget::Kind::file : StubTarget::Kind::directory};
  for (const std::string_view option : mount.options) {
    if (mount.type != "tmpfs" || !option.starts_with("mode=")) continue;
    target.mode = static_cast<unsigned>(base::parse_int(option.substr(5), 8).value_or(0755)) & 07777;
  }
  return target;
}

std::vector<StubTarget> stub_targets(const std::vector<Mount>& mounts) {
  std::vector<StubTarget> targets;
  for (const auto& mount : mounts) targets.push_back(stub_for(mount));
  return targets;
}

void require_mapped(const World& world, const ContainerSpec& spec) {
  if (!world.rootless()) return;
  const auto refuse = [&](std::string_view what, std::uint32_t id) {
    base::Error error(base::Code::failed_precondition,
                      base::format("run as {} {}: the id does not exist in the user namespace, which has {} ids", what,
                                   id, id_count(world.uids)));
    error.set_hint(
        "give your user more ids in /etc/subuid and /etc/subgid and install newuidmap (package uidmap), or "
        "build as root");
    throw error;
  };
  if (!is_mapped(world.uids, spec.user.uid)) refuse("uid", spec.user.uid);
  if (!is_mapped(world.gids, spec.user.gid)) refuse("gid", spec.user.gid);
}

struct CgroupChoice {
  std::string path;  ///< "" for none
  RuntimeCgroups mode = RuntimeCgroups::unmanaged;
};

CgroupChoice choose_cgroup(const World& world, const ContainerSpec& spec, const std::string& id,
                           std::vector<std::string>& notes) {
  const bool asked = spec.limits.any() || !spec.cgroup_parent.empty();
  // A group of its own also lets an insecure step out of the helper's device gate, and runc does
  // not run without one.
  const bool let_out = spec.security == Security::insecure && !world.device_gate.empty();
  const bool needed = !manages_without_cgroups(world) && !world.rootless();
  if (!asked && !let_out && !needed) return {};
  if (world.rootless() || world.cgroups == CgroupLayout::none) {
    if (asked) {
      notes.push_back("resource limits and cgroup-parent have no effect: no control groups can be made here");
    }
    return {};
  }
  const std::string parent =
      spec.cgroup_parent.empty() ? std::string(kCgroupParent) : base::join_path("/", spec.cgroup_parent);
  return {parent + "/slipway-" + id, RuntimeCgroups::managed};
}

/// Most runtimes have removed the group by now; SIGKILL under a memory limit then has to tell.
bool was_out_of_memory(const World& world, const ContainerSpec& spec, const std::string& group,
                       const RunResult& result) {
  if (const auto kills = oom_kills(world.cgroups, group)) return *kills > 0;
  return spec.limits.memory != 0 && result.signal == SIGKILL;
}

void require_proc(const World& world) {
  if (world.fresh_proc || world.shared_proc == SharedProc::allow) return;
  base::Error error(base::Code::failed_precondition,
                    "give the step a /proc of its own: the kernel refuses it here, because parts of the /proc around "
                    "the build are masked");
  error.set_hint(
      "run the outer container with --security-opt systempaths=unconfined; or let steps see the processes "
      "around the build, which exposes what your user can reach");
  throw error;
}

void require_runtime(const World& world) {
  if (!world.runtime.empty()) return;
  base::Error error(base::Code::failed_precondition, "no OCI runtime is installed (looked for crun and runc in PATH)");
  error.set_hint("install the package crun");
  throw error;
}

/// For a program of another architecture: brings the emulator in where the kernel does not hold it open. The result
/// when there is none.
std::optional<RunResult> prepare_foreign(const World& world, int root, ContainerSpec& spec, const Streams& streams) {
  const std::string architecture = foreign_architecture(root, spec);
  if (architecture.empty()) return std::nullopt;
  const auto emulator = std::find_if(world.emulators.begin(), world.emulators.end(),
                                     [&](const Emulator& known) { return known.architecture == architecture; });
  if (emulator == world.emulators.end()) {
    if (streams.err >= 0) base::write_all(streams.err, base::format("exec {}: exec format error\n", spec.argv.front()));
    RunResult result;
    result.exit_code = 126;  // as a shell
    result.foreign = architecture;
    return result;
  }
  if (!emulator->held_open && base::exists(emulator->interpreter)) {
    spec.mounts.push_back({emulator->interpreter, "bind", emulator->interpreter, {"bind", "ro", "nosuid", "nodev"}});
  }
  return std::nullopt;
}

}  // namespace

RunResult run_container(const World& world, const ContainerSpec& given, const Streams& streams,
                        const std::stop_token& stop) {
  require_runtime(world);
  require_proc(world);
  require_mapped(world, given);
  ContainerSpec spec = given;
  if (spec.hostname.empty()) spec.hostname = "buildkitsandbox";
  if (spec.cwd.empty()) spec.cwd = "/";
  const base::Fd root = base::open_directory(spec.rootfs);
  if (auto refused = prepare_foreign(world, root.get(), spec, streams)) return *refused;
  const std::string id = base::random_id();
  const BundleDirectory directory(world, id);
  const Bundle bundle{directory.path(), id};
  std::vector<std::string> notes;
  const CgroupChoice cgroup = choose_cgroup(world, spec, id, notes);
  const SpecPlaces places{directory.path() + "/hosts", directory.path() + "/resolv.conf", cgroup.path};
  base::write_file_atomic(places.hosts, hosts_text(spec.hostname, spec.extra_hosts));
  base::write_file_atomic(places.resolv_conf, spec.resolv_conf.empty() ? resolv_conf_text() : spec.resolv_conf);
  base::write_file_atomic(bundle.config_path(), oci_config(world, spec, places, notes));

  MountStubs stubs(root.get(), stub_targets(oci_mounts(world, spec, places)), spec.stub_removal);
  make_working_directory(root.get(), spec);
  RunResult result = run_bundle(world, bundle, spec, cgroup.mode, streams, stop);
  stubs.remove();
  if (!cgroup.path.empty()) result.oom = was_out_of_memory(world, spec, cgroup.path, result);
  result.notes = std::move(notes);
  return result;
}

}  // namespace sandbox
