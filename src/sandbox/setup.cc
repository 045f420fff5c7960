// SPDX-License-Identifier: Apache-2.0
#include "sandbox/setup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/random.h"
#include "base/subprocess.h"
#include "sandbox/device_gate.h"
#include "sandbox/userns.h"

namespace sandbox {
namespace {

void die_with_parent() { (void)::prctl(PR_SET_PDEATHSIG, SIGKILL); }

int exit_code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/// Waits for the one child and ends as it did.
[[noreturn]] void run_monitor(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(exit_code_of(status));
}

/// pid 1: reaps whatever loses its parent, until the server ends; the kernel then ends the rest.
[[noreturn]] void run_init(pid_t server) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == server) ::_exit(exit_code_of(status));
    if (ended < 0 && errno != EINTR) ::_exit(1);
  }
}

void make_mounts_private(const char* path) {
  SLIP_SYSCALL(::mount(nullptr, path, nullptr, MS_REC | MS_PRIVATE, nullptr), "make the mounts below {} private", path);
}

/// In a chroot "/" is not a mount point, and nothing may be made private through it. Entering the
/// mount namespace anew leads to its real root, whence everything is reached; then the chroot's tree
/// is moved onto a mount of its own, because pivot_root(2), which the runtime uses, asks for one.
void leave_plain_chroot(const std::string& mount_point) {
  const base::Fd root = base::open_directory("/");
  const base::Fd self = base::open_file("/proc/self/ns/mnt", O_RDONLY);
  SLIP_SYSCALL(::setns(self.get(), CLONE_NEWNS), "enter the root of the mount namespace");
  make_mounts_private("/");
  SLIP_SYSCALL(::fchdir(root.get()), "return to the old root directory");
  SLIP_SYSCALL(::chroot("."), "return to the old root directory");
  SLIP_SYSCALL(::mount("/", mount_point.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "bind / to {}", mount_point);
  SLIP_SYSCALL(::chdir(mount_point.c_str()), "enter {}", mount_point);
  SLIP_SYSCALL(::mount(mount_point.c_str(), "/", nullptr, MS_MOVE, nullptr), "move {} to /", mount_point);
  SLIP_SYSCALL(::chroot("."), "make the moved tree the root");
}

void own_all_mounts(const std::string& mount_point) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return;
  if (errno != EINVAL) base::fail_errno(errno, "make all mounts private");
  base::with_context([&] { leave_plain_chroot(mount_point); }, "making a mount point of /");
}

/// False where the kernel refuses, as it does below a container whose own /proc is partly masked.
bool mount_proc() { return ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0; }

void mount_work_dir(const std::string& mount_point) {
  SLIP_SYSCALL(::mount("slipway", mount_point.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700"),
               "mount a tmpfs on {}", mount_point);
}

constexpr const char* kCgroups = "/sys/fs/cgroup";

void cover_cgroups() { (void)::mount("slipway", kCgroups, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"); }

/// crun refuses hosts with v1 hierarchies and a v2 mount beside them. In this namespace the v2 mount
/// can go; where it is locked (user namespace), a tmpfs over all of it hides both. It also refuses a
/// place for control groups with nothing mounted there, as some containers have.
CgroupLayout hide_confusing_cgroups(const Setup& setup, CgroupLayout layout) {
  if (layout == CgroupLayout::none) {
    struct statfs found{};
    if (::statfs(kCgroups, &found) == 0 && found.f_type != TMPFS_MAGIC) cover_cgroups();
    return layout;
  }
  if (layout != CgroupLayout::hybrid && layout != CgroupLayout::v1) return layout;
  const bool root = setup.tier.kind == TierKind::root;
  if (root && layout == CgroupLayout::v1) return layout;
  if (root && ::umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0) return CgroupLayout::v1;
  cover_cgroups();
  return CgroupLayout::none;
}

CgroupLayout find_cgroups(const Setup& setup) {
  const auto mountinfo = base::read_file_if_exists("/proc/self/mountinfo", 64U << 20);
  return hide_confusing_cgroups(setup, detect_cgroup_layout(mountinfo.value_or("")));
}

void close_gate(World& world, FuseDevice fuse) {
  const std::string name = base::format("{}/{}", kCgroupParent, base::random_id());
  try {
    if (world.cgroups == CgroupLayout::none) {
      base::fail(base::Code::failed_precondition, "no control groups are mounted");
    }
    enter_device_gate(world.cgroups, name, fuse);
    world.device_gate = name;
  } catch (const base::Error& error) {
    world.notes.push_back(base::format("steps cannot make device nodes here: {}", error.text()));
  }
}

std::string find_runtime(const std::string& wanted) {
  if (!wanted.empty()) return base::find_program(wanted).value_or("");
  for (const char* name : {"crun", "runc"}) {
    if (auto path = base::find_program(name)) return *path;
  }
  return "";
}

}  // namespace

base::Json to_json(const Setup& setup) {
  base::Json json = base::Json::object();
  json.set("mount_point", setup.mount_point).set("runtime", setup.runtime).set("tier", tier_name(setup.tier.kind));
  json.set("shared_proc", setup.shared_proc == SharedProc::allow).set("fuse", setup.fuse == FuseDevice::open);
  json.set("uids", to_json(setup.tier.uids)).set("gids", to_json(setup.tier.gids)).set("reason", setup.tier.reason);
  return json;
}

Setup setup_from_json(const base::Json& json) {
  Setup setup;
  setup.mount_point = json["mount_point"].as_string();
  setup.runtime = json["runtime"].string_or("");
  setup.fuse = json["fuse"].bool_or(false) ? FuseDevice::open : FuseDevice::shut;
  setup.shared_proc = json["shared_proc"].bool_or(false) ? SharedProc::allow : SharedProc::refuse;
  setup.tier.kind = parse_tier(json["tier"].as_string()).value_or(TierKind::unavailable);
  setup.tier.uids = id_map_from_json(json["uids"]);
  setup.tier.gids = id_map_from_json(json["gids"]);
  setup.tier.reason = json["reason"].string_or("");
  return setup;
}

void enter_namespaces(const Tier& tier) {
  switch (tier.kind) {
    case TierKind::unavailable: {
      base::Error error(base::Code::failed_precondition, describe(tier));
      error.set_hint("`slipway doctor` lists the gates of this machine and what opens them");
      throw error;
    }
    case TierKind::root: break;
    case TierKind::mapped_ids: enter_user_namespace(tier.uids, tier.gids, MapWriter::newuidmap); break;
    case TierKind::single_id: enter_user_namespace(tier.uids, tier.gids, MapWriter::own_hand); break;
  }
  SLIP_SYSCALL(::unshare(CLONE_NEWNS | CLONE_NEWPID), "make mount and pid namespaces");
  die_with_parent();  // a change of credentials clears it
}

void fork_into_pid_namespace(int socket) {
  const pid_t init = SLIP_SYSCALL(::fork(), "fork pid 1 of the helper's namespace");
  if (init > 0) {
    ::close(socket);
    run_monitor(init);
  }
  die_with_parent();
  const pid_t server = SLIP_SYSCALL(::fork(), "fork the helper's server");
  if (server > 0) {
    ::close(socket);
    run_init(server);
  }
  die_with_parent();
}

World make_world(const Setup& setup) {
  World world;
  world.tier = setup.tier.kind;
  world.tier_reason = setup.tier.reason;
  world.uids = setup.tier.uids;
  world.gids = setup.tier.gids;
  own_all_mounts(setup.mount_point);
  world.emulators = read_emulators();  // out of sight once /proc is a new one
  world.fresh_proc = mount_proc();
  if (!world.fresh_proc) {
    world.shared_proc = setup.shared_proc;
    world.notes.push_back("no /proc can be mounted for steps here: the one around the build is partly masked");
  }
  mount_work_dir(setup.mount_point);
  world.work_dir = setup.mount_point;
  world.cgroups = find_cgroups(setup);
  if (!world.rootless()) {
    remove_stale_cgroups(world.cgroups, std::string(kCgroupParent));
    close_gate(world, setup.fuse);
  }
  world.runtime = find_runtime(setup.runtime);
  return world;
}

}  // namespace sandbox
