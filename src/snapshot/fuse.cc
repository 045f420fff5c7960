// SPDX-License-Identifier: Apache-2.0
#include "snapshot/fuse.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "layer/tree.h"
#include "snapshot/mount.h"

namespace snapshot {
namespace {

/// Under one name as in layers, under the other after a rename.
constexpr std::string_view kOpaqueMarks[] = {".wh..wh..opq", ".wh..opq"};
constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr const char* kOwnOpaque = "user.fuseoverlayfs.opaque";
constexpr const char* kOwnOrigin = "user.fuseoverlayfs.origin";

/// Between options stand commas, between layers colons.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

std::string options_of(const OverlayDirectories& directories) {
  std::string options = "lowerdir=";
  for (auto lower = directories.lowers.rbegin(); lower != directories.lowers.rend(); ++lower) {
    if (lower != directories.lowers.rbegin()) options += ':';
    options += escaped(*lower);
  }
  if (directories.upper.empty()) return options;
  return options + ",upperdir=" + escaped(directories.upper) + ",workdir=" + escaped(directories.work);
}

const char* opaque_attribute() {
  return current_namespace() == Namespace::user ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

void mark_opaque(const std::string& path) {
  SLIP_SYSCALL(::lsetxattr(path.c_str(), opaque_attribute(), "y", 1, 0), "mark directory {} opaque", path);
}

/// A ".wh." file becomes what overlayfs writes for it.
void replace_mark(int directory, const std::string& path, const std::string& name) {
  SLIP_SYSCALL(::unlinkat(directory, name.c_str(), 0), "remove {} in {}", name, path);
  if (base::is_one_of(name, kOpaqueMarks)) return mark_opaque(path);
  const std::string hidden = name.substr(kWhiteoutPrefix.size());
  SLIP_SYSCALL(::mknodat(directory, hidden.c_str(), S_IFCHR, makedev(0, 0)), "make the whiteout {} in {}", hidden,
               path);
}

void settle_directory(const std::string& path) {
  char value = 0;
  if (::lgetxattr(path.c_str(), kOwnOpaque, &value, 1) == 1 && value == 'y') mark_opaque(path);
  for (const char* attribute : {kOwnOpaque, kOwnOrigin}) ::lremovexattr(path.c_str(), attribute);
  struct stat before;
  const base::Fd directory = base::open_directory(path);
  SLIP_SYSCALL(::fstat(directory.get(), &before), "stat {}", path);
  bool changed = false;
  for (const auto& name : base::list_directory(directory.get())) {
    if (name.starts_with(kWhiteoutPrefix)) {
      replace_mark(directory.get(), path, name);
      changed = true;
    } else if (const auto status = layer::stat_at(directory.get(), name); status && S_ISDIR(status->st_mode)) {
      settle_directory(path + "/" + name);
    } else {
      ::lremovexattr((path + "/" + name).c_str(), kOwnOrigin);
    }
  }
  if (!changed) return;
  const timespec times[] = {before.st_atim, before.st_mtim};
  SLIP_SYSCALL(::futimens(directory.get(), times), "set the times of {}", path);
}

}  // namespace

base::Fd fuse_mount(const OverlayDirectories& directories, const std::string& scratch) {
  if (scratch.empty()) base::fail(base::Code::internal, "mount through fuse-overlayfs: no mount point for it");
  const auto point = scratch + "/point";
  SLIP_SYSCALL(::mkdir(point.c_str(), 0755), "make the mount point {}", point);
  // The program goes to the background once the mount stands.
  const auto output = base::run_collect({.argv = {"fuse-overlayfs", "-o", options_of(directories), point}});
  int error = 0;
  int fd = -1;
  if (output.status.ok()) {
    fd = ::open_tree(AT_FDCWD, point.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0) error = errno;
    ::umount2(point.c_str(), MNT_DETACH);
  }
  ::rmdir(point.c_str());
  if (!output.status.ok()) {
    base::fail(base::Code::failed_precondition, "mount {} layers through fuse-overlayfs: {}", directories.lowers.size(),
               base::trim(output.err));
  }
  if (error != 0) base::fail_errno(error, "take the mount of fuse-overlayfs (open_tree)");
  return base::Fd(fd);
}

void settle_fuse_writes(const std::string& upper) { settle_directory(upper); }

}  // namespace snapshot
