// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "layer/merged_view.h"
#include "layer/tree.h"
#include "snapshot/fuse.h"
#include "snapshot/native.h"
#include "snapshot/overlay.h"

namespace snapshot {
namespace {

/// The kernel's limit of lower layers.
constexpr std::size_t kMaxLowers = 500;

void empty_directory(const std::string& path) {
  const auto directory = base::open_directory(path);
  for (const auto& name : base::list_directory(directory.get())) base::remove_tree_at(directory.get(), name);
}

/// Stacks the bottom layers into one where the chain is too long. Only the bottom ones can go
/// together: a merged view shows no whiteouts, which upper groups need for what lies below them.
base::Fd mount_long_chain(OverlayDirectories directories, const std::string& scratch) {
  auto& lowers = directories.lowers;
  if (lowers.size() >= 2 * kMaxLowers || scratch.empty()) {
    base::fail(base::Code::resource_exhausted, "mount a chain of {} layers: more than the kernel can stack",
               lowers.size());
  }
  const auto middle = lowers.end() - static_cast<std::ptrdiff_t>(kMaxLowers - 1);
  const auto bottom = scratch + "/bottom";
  const auto below = overlay_mount({{lowers.begin(), middle}, "", ""}, scratch);
  SLIP_SYSCALL(::mkdir(bottom.c_str(), 0755), "make directory {}", bottom);
  const auto unmount = [&] {
    detach(bottom);  // the overlay above holds on to it
    ::rmdir(bottom.c_str());
  };
  try {
    attach(below.get(), bottom);
    lowers.erase(lowers.begin(), middle);
    lowers.insert(lowers.begin(), bottom);
    auto mount = overlay_mount(directories, scratch);
    unmount();
    return mount;
  } catch (...) {
    unmount();
    throw;
  }
}

/// Both overlays, the kernel's and fuse-overlayfs.
base::Fd mount_overlay(const MountSpec& spec, Driver driver, const std::string& scratch) {
  if (spec.lowers.empty()) return spec.read_only() ? empty_mount() : bind_mount(spec.upper, Access::read_write);
  OverlayDirectories directories{spec.lowers, spec.upper, spec.work};
  if (spec.read_only() && spec.lowers.size() == 1 && driver == Driver::overlay) {
    if (scratch.empty()) return bind_mount(spec.lowers[0], Access::read_only);
    // The kernel's overlay needs a second layer, and only an overlay hides whiteouts.
    directories.lowers.insert(directories.lowers.begin(), scratch);
  }
  if (!spec.read_only()) empty_directory(spec.work);  // remains of an earlier mount make the kernel refuse
  if (driver == Driver::fuse) return fuse_mount(directories, scratch);
  if (directories.lowers.size() > kMaxLowers) return mount_long_chain(std::move(directories), scratch);
  return overlay_mount(directories, scratch);
}

std::string tree_of(const MountSpec& spec) { return spec.work + "/root"; }
std::string stamp_of(const MountSpec& spec) { return spec.work + "/made"; }

base::Fd mount_native(const MountSpec& spec, const std::string& scratch, const std::stop_token& stop) {
  if (spec.read_only()) {
    if (spec.lowers.empty()) return empty_mount();
    if (scratch.empty()) base::fail(base::Code::internal, "mount a native view: no directory to copy to");
    const auto tree = scratch + "/view";
    SLIP_SYSCALL(::mkdir(tree.c_str(), 0755), "make directory {}", tree);
    materialise(spec.lowers, tree, stop);
    return bind_mount(tree, Access::read_only);
  }
  if (!base::exists(stamp_of(spec))) {
    empty_directory(spec.work);
    std::vector<std::string> layers = spec.lowers;
    layers.push_back(spec.upper);  // empty, but the root has its attributes
    SLIP_SYSCALL(::mkdir(tree_of(spec).c_str(), 0755), "make directory {}", tree_of(spec));
    materialise(layers, tree_of(spec), stop);
    base::write_file_atomic(stamp_of(spec), "");
  }
  return bind_mount(tree_of(spec), Access::read_write);
}

}  // namespace

Namespace current_namespace() {
  const auto map = base::read_file_if_exists("/proc/self/uid_map").value_or("");
  const auto words = base::split(map, ' ');
  const bool is_whole = !words.empty() && base::trim(words.back()) == "4294967295";
  return is_whole ? Namespace::initial : Namespace::user;
}

base::Fd mount_snapshot(const MountSpec& spec, Driver driver, const std::string& scratch, const std::stop_token& stop) {
  return base::with_context(
      [&] {
        return driver == Driver::native ? mount_native(spec, scratch, stop) : mount_overlay(spec, driver, scratch);
      },
      "mounting a snapshot of {} layers", spec.lowers.size());
}

base::Fd clone_mount(int source) {
  return base::Fd(SLIP_SYSCALL(::open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
                               "bind a mount source (open_tree)"));
}

void attach(int mount, const std::string& path) {
  SLIP_SYSCALL(::move_mount(mount, "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH), "attach a mount at {}", path);
}

void detach(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == ENOENT || errno == EINVAL) return;
  base::fail_errno(errno, base::format("unmount {}", path));
}

void finish_snapshot(const MountSpec& spec, Driver driver, const std::stop_token& stop) {
  if (spec.read_only()) return;
  if (driver == Driver::fuse) settle_fuse_writes(spec.upper);
  struct stat made;
  if (driver == Driver::native && ::stat(stamp_of(spec).c_str(), &made) == 0) {
    empty_directory(spec.upper);  // of an attempt that was interrupted
    capture(spec.lowers, tree_of(spec), spec.upper, made.st_ctim, stop);
  }
  empty_directory(spec.work);
}

namespace {

/// Throws what keeps the driver from working below `directory`. Mounting alone proves little: deleting makes a
/// whiteout, remaking an opaque directory.
void try_driver(Driver driver, const std::string& directory) {
  const base::TemporaryDirectory room("probe-", directory);
  MountSpec spec;
  for (const auto* name : {"a", "b", "upper", "work", "scratch"}) base::make_directories(room.path() + "/" + name);
  spec.lowers = {room.path() + "/a", room.path() + "/b"};
  spec.upper = room.path() + "/upper";
  spec.work = room.path() + "/work";
  base::write_file_atomic(spec.lowers[0] + "/file", "");
  base::make_directories(spec.lowers[0] + "/dir/inner");
  {
    const auto mount = mount_snapshot(spec, driver, room.path() + "/scratch", {});
    SLIP_SYSCALL(::unlinkat(mount.get(), "file", 0), "delete a file in an overlay");
    base::remove_tree_at(mount.get(), "dir");
    SLIP_SYSCALL(::mkdirat(mount.get(), "dir", 0755), "make a directory in an overlay");
  }
  finish_snapshot(spec, driver, {});
  const auto upper = base::open_directory(spec.upper);
  const auto whiteout = layer::stat_at(upper.get(), "file");
  if (!whiteout || !layer::is_whiteout(*whiteout) || !layer::is_opaque(upper.get(), "dir")) {
    base::fail(base::Code::failed_precondition, "the overlay marks deleted files in an unknown way");
  }
}

}  // namespace

std::string why_not(Driver driver, const std::string& directory) {
  try {
    try_driver(driver, directory);
    return "";
  } catch (const base::Error& error) {
    return error.text();
  }
}

Probe probe(const std::string& directory) {
  Probe result;
  result.why_not_overlay = why_not(Driver::overlay, directory);
  if (result.why_not_overlay.empty()) return result;
  result.why_not_fuse = why_not(Driver::fuse, directory);
  result.driver = result.why_not_fuse.empty() ? Driver::fuse : Driver::native;
  return result;
}

}  // namespace snapshot
