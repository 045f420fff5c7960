// SPDX-License-Identifier: Apache-2.0
#include "snapshot/overlay.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "snapshot/mount.h"

namespace snapshot {
namespace {

/// fsconfig refuses longer values.
constexpr std::size_t kMaxValue = 255;
constexpr std::size_t kMaxClassicOptions = 4095;

/// Whatever could make a layer directory depend on another one is off. "nofollow" and not "off",
/// which follows what it finds and is refused together with userxattr.
constexpr const char* kFixedOptions[][2] = {{"redirect_dir", "nofollow"}, {"metacopy", "off"}, {"index", "off"}};

class Context {
 public:
  explicit Context(const char* type)
      : fd_(static_cast<int>(SLIP_SYSCALL(::fsopen(type, FSOPEN_CLOEXEC), "open file system {} (fsopen)", type))) {}

  bool try_string(const char* key, const std::string& value) {
    return ::fsconfig(fd_.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  }
  void set_string(const char* key, const std::string& value) {
    if (!try_string(key, value)) refuse(base::format("set {}={}", key, value));
  }
  bool try_flag(const char* key) { return ::fsconfig(fd_.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) == 0; }

  base::Fd mount(unsigned attributes) {
    if (::fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) refuse("create the mount");
    const int mount = ::fsmount(fd_.get(), FSMOUNT_CLOEXEC, attributes);
    if (mount < 0) refuse("make the mount (fsmount)");
    return base::Fd(mount);
  }

  /// Throws with what the kernel wrote to the context's log.
  [[noreturn]] void refuse(const std::string& what) {
    const int error = errno;
    std::string reasons;
    char line[512];
    for (;;) {
      const auto size = ::read(fd_.get(), line, sizeof line);
      if (size <= 2) break;
      const std::string text(line + 2, static_cast<std::size_t>(size) - 2);  // "e message\n"
      reasons += (reasons.empty() ? " (" : "; ") + std::string(base::trim(text));
    }
    if (!reasons.empty()) reasons += ")";
    base::fail_errno(error, base::format("{}{}", what, reasons));
  }

 private:
  base::Fd fd_;
};

/// Descriptors of directories, to be named shortly.
class ShortNames {
 public:
  /// The path, or one through a descriptor where it is too long.
  std::string value(const std::string& path) {
    return path.size() <= kMaxValue ? path : "/proc/self/fd/" + number(path);
  }

  std::string number(const std::string& path) {
    held_.push_back(base::Fd(SLIP_SYSCALL(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open {}", path)));
    return std::to_string(held_.back().get());
  }

 private:
  std::vector<base::Fd> held_;
};

/// Nothing when the kernel does not know lowerdir+.
std::optional<base::Fd> mount_appending(const OverlayDirectories& directories) {
  Context context("overlay");
  ShortNames names;
  context.set_string("source", "overlay");
  bool first = true;
  for (auto lower = directories.lowers.rbegin(); lower != directories.lowers.rend(); ++lower) {
    const auto value = names.value(*lower);
    if (!context.try_string("lowerdir+", value)) {
      if (first && errno == EINVAL) return std::nullopt;
      context.refuse(base::format("add layer {} to the overlay", *lower));
    }
    first = false;
  }
  if (!directories.upper.empty()) {
    context.set_string("upperdir", names.value(directories.upper));
    context.set_string("workdir", names.value(directories.work));
    context.try_flag("volatile");
  }
  if (current_namespace() == Namespace::user && !context.try_flag("userxattr")) {
    context.refuse("mount an overlay in a user namespace (userxattr, Linux 5.11)");
  }
  for (const auto& [key, value] : kFixedOptions) context.try_string(key, value);
  return context.mount(0);
}

std::string classic_options(const OverlayDirectories& directories, ShortNames& names) {
  std::string options = "lowerdir=";
  for (auto lower = directories.lowers.rbegin(); lower != directories.lowers.rend(); ++lower) {
    if (lower != directories.lowers.rbegin()) options += ':';
    options += names.number(*lower);
  }
  if (!directories.upper.empty()) {
    options += base::format(",upperdir={},workdir={}", names.number(directories.upper), names.number(directories.work));
  }
  for (const auto& [key, value] : kFixedOptions) options += base::format(",{}={}", key, value);
  if (current_namespace() == Namespace::user) options += ",userxattr";
  return options;
}

/// mount(2) takes one page of options. Inside /proc/self/fd a layer's name is its number, so that
/// hundreds fit; the working directory is changed in a thread that shares it with no other.
int mount_in_thread(const std::string& target, const std::string& options) {
  int error = 0;
  std::thread([&] {
    if (::unshare(CLONE_FS) != 0 || ::chdir("/proc/self/fd") != 0) {
      error = errno;
      return;
    }
    const auto with_volatile = options + ",volatile";
    const bool writes = options.find(",upperdir=") != std::string::npos;
    if (writes && ::mount("overlay", target.c_str(), "overlay", 0, with_volatile.c_str()) == 0) return;
    if (::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) != 0) error = errno;
  }).join();
  return error;
}

base::Fd mount_classic(const OverlayDirectories& directories, const std::string& scratch) {
  if (scratch.empty()) base::fail(base::Code::internal, "mount an overlay: this kernel needs a mount point for it");
  ShortNames names;
  const auto options = classic_options(directories, names);
  if (options.size() > kMaxClassicOptions) {
    base::fail(base::Code::resource_exhausted, "mount an overlay of {} layers: too many for this kernel",
               directories.lowers.size());
  }
  const auto point = scratch + "/point";
  SLIP_SYSCALL(::mkdir(point.c_str(), 0755), "make the mount point {}", point);
  int error = mount_in_thread(point, options);
  int fd = -1;
  if (error == 0) {
    fd = ::open_tree(AT_FDCWD, point.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0) error = errno;
    ::umount2(point.c_str(), MNT_DETACH);
  }
  ::rmdir(point.c_str());
  if (error != 0) base::fail_errno(error, base::format("mount an overlay of {} layers", directories.lowers.size()));
  return base::Fd(fd);
}

}  // namespace

base::Fd bind_mount(const std::string& path, Access access) {
  base::Fd mount(SLIP_SYSCALL(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
                              "bind {} (open_tree)", path));
  if (access == Access::read_only) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    SLIP_SYSCALL(::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes),
                 "make the mount of {} read-only", path);
  }
  return mount;
}

base::Fd empty_mount() {
  Context context("tmpfs");
  context.set_string("mode", "0755");
  return context.mount(MOUNT_ATTR_RDONLY);
}

base::Fd overlay_mount(const OverlayDirectories& directories, const std::string& scratch, OverlayApi api) {
  SLIP_CHECK(!directories.lowers.empty());
  if (api != OverlayApi::classic) {
    if (auto mount = mount_appending(directories)) return std::move(*mount);
    if (api == OverlayApi::append) base::fail(base::Code::unimplemented, "this kernel has no lowerdir+");
  }
  return mount_classic(directories, scratch);
}

}  // namespace snapshot
