// SPDX-License-Identifier: Apache-2.0
// The destination is walked with one descriptor per open directory, each opened relative to its
// parent without following symlinks: whatever lies in the destination, or is put there meanwhile,
// nothing outside of it is written.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "base/task.h"
#include "layer/tree.h"
#include "output/rootfs.h"

namespace output {
namespace {

/// A directory of the destination that is being filled; its mode and times are set when it is left.
struct OpenDirectory {
  std::string path;  ///< relative to the root that is copied; "" for the top
  base::Fd fd;
  mode_t mode = 0;
  timespec mtime{};
  bool finish = false;
};

void set_times(int fd, const timespec& mtime, const std::string& path) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, mtime};
  SLIP_SYSCALL(::futimens(fd, times), "set times of {}", path);
}

class RootfsCopy {
 public:
  RootfsCopy(int destination, const RootfsOptions& options, const std::stop_token& stop)
      : options_(options), stop_(stop) {
    OpenDirectory top;
    top.fd = base::duplicate(destination);
    if (!options.prefix.empty()) {
      const std::string name = options.prefix.substr(0, options.prefix.size() - 1);
      top.fd = make_directory(destination, name);
      SLIP_SYSCALL(::fchmod(top.fd.get(), 0755), "set mode of {}", name);
    }
    open_.push_back(std::move(top));
  }

  void add(const layer::TreeEntry& file) {
    base::throw_if_stopped(stop_);
    leave_until(file.path().size() == file.name().size() ? "" : base::dir_name(file.path()));
    const int parent = open_.back().fd.get();
    const std::string& name = file.name();
    if (file.is_directory()) {
      enter(file, parent);
    } else if (file.is_symlink()) {
      symlink(file, parent);
    } else if (file.first_link() != nullptr && link(*file.first_link(), parent, name)) {
      return;
    } else if (file.is_file() || S_ISSOCK(file.stat().st_mode)) {
      regular(file, parent);
    } else {
      device(file, parent);
    }
  }

  void finish() {
    while (open_.size() > 1) leave();
  }

 private:
  timespec time_of(const struct stat& info) const {
    if (!options_.epoch) return info.st_mtim;
    return {.tv_sec = *options_.epoch / base::kSecond, .tv_nsec = 0};
  }

  // An existing directory is used, anything else in the way is removed.
  static base::Fd make_directory(int parent, const std::string& name) {
    if (::mkdirat(parent, name.c_str(), 0700) != 0) {
      if (errno != EEXIST) base::fail_errno(errno, base::format("make directory {}", name));
      const auto info = layer::stat_at(parent, name);
      if (!info || !S_ISDIR(info->st_mode)) {
        base::remove_tree_at(parent, name);
        SLIP_SYSCALL(::mkdirat(parent, name.c_str(), 0700), "make directory {}", name);
      }
    }
    return base::Fd(SLIP_SYSCALL(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                 "open directory {}", name));
  }

  void enter(const layer::TreeEntry& file, int parent) {
    OpenDirectory directory;
    directory.path = file.path();
    directory.fd = make_directory(parent, file.name());
    directory.mode = file.stat().st_mode & 07777U;
    directory.mtime = time_of(file.stat());
    directory.finish = true;
    // Until it is full it must be writable, whatever its mode will be.
    SLIP_SYSCALL(::fchmod(directory.fd.get(), directory.mode | 0700U), "set mode of {}", file.path());
    copy_xattrs(file, directory.fd.get());
    open_.push_back(std::move(directory));
  }

  void leave() {
    const OpenDirectory& directory = open_.back();
    if (directory.finish) {
      SLIP_SYSCALL(::fchmod(directory.fd.get(), directory.mode), "set mode of {}", directory.path);
      set_times(directory.fd.get(), directory.mtime, directory.path);
    }
    open_.pop_back();
  }

  void leave_until(const std::string& path) {
    while (open_.size() > 1 && open_.back().path != path) leave();
    SLIP_CHECK(open_.back().path == path);
  }

  // Makes room for something that is no directory.
  static void clear_way(int parent, const std::string& name) {
    const auto info = layer::stat_at(parent, name);
    if (info) base::remove_tree_at(parent, name);
  }

  void symlink(const layer::TreeEntry& file, int parent) {
    const std::string& name = file.name();
    clear_way(parent, name);
    std::string target = file.link_target();
    if (!options_.prefix.empty() && target.starts_with('/')) target = "/" + options_.prefix + target.substr(1);
    SLIP_SYSCALL(::symlinkat(target.c_str(), parent, name.c_str()), "make symlink {}", file.path());
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, time_of(file.stat())};
    SLIP_SYSCALL(::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW), "set times of {}", file.path());
  }

  // False when the file system has no room for another name: then the file is copied.
  bool link(const std::string& first, int parent, const std::string& name) {
    clear_way(parent, name);
    const base::Fd source = base::open_in_root(open_.front().fd.get(), base::dir_name(first), O_PATH | O_DIRECTORY);
    return ::linkat(source.get(), base::base_name(first).c_str(), parent, name.c_str(), 0) == 0;
  }

  void regular(const layer::TreeEntry& file, int parent) {
    const std::string temporary = ".slipway-" + base::random_id(12);
    base::Fd target(
        SLIP_SYSCALL(::openat(parent, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
                     "create {}", file.path()));
    try {
      if (file.is_file()) content(file, target.get());
      copy_xattrs(file, target.get());
      SLIP_SYSCALL(::fchmod(target.get(), file.stat().st_mode & 07777U), "set mode of {}", file.path());
      set_times(target.get(), time_of(file.stat()), file.path());
      const auto info = layer::stat_at(parent, file.name());
      if (info && S_ISDIR(info->st_mode)) base::remove_tree_at(parent, file.name());
      SLIP_SYSCALL(::renameat(parent, temporary.c_str(), parent, file.name().c_str()), "create {}", file.path());
    } catch (...) {
      ::unlinkat(parent, temporary.c_str(), 0);
      throw;
    }
  }

  void content(const layer::TreeEntry& file, int target) {
    const base::Fd source = file.open();
    for (;;) {
      base::throw_if_stopped(stop_);
      const std::size_t got = base::read_up_to(source.get(), buffer_.data(), buffer_.size());
      if (got == 0) return;
      base::write_all(target, std::string_view(buffer_.data(), got));
      done_ += got;
      if (options_.progress) options_.progress(done_);
    }
  }

  void device(const layer::TreeEntry& file, int parent) {
    clear_way(parent, file.name());
    const struct stat& info = file.stat();
    // Devices are root's; for everybody else they cannot be part of a local copy.
    if (::mknodat(parent, file.name().c_str(), info.st_mode, info.st_rdev) != 0) {
      if (errno == EPERM) return;
      base::fail_errno(errno, base::format("make device {}", file.path()));
    }
    ::fchmodat(parent, file.name().c_str(), info.st_mode & 07777U, 0);
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, time_of(info)};
    SLIP_SYSCALL(::utimensat(parent, file.name().c_str(), times, AT_SYMLINK_NOFOLLOW), "set times of {}", file.path());
  }

  static void copy_xattrs(const layer::TreeEntry& file, int target) {
    for (const auto& [name, value] : file.xattrs()) {
      if (name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.")) continue;
      ::fsetxattr(target, name.c_str(), value.data(), value.size(), 0);
    }
  }

  const RootfsOptions& options_;
  const std::stop_token& stop_;
  std::vector<OpenDirectory> open_;
  std::string buffer_ = std::string(std::size_t{1} << 18, '\0');
  std::uint64_t done_ = 0;
};

void remove_missing(const std::vector<int>& roots, int destination, const std::stop_token& stop) {
  for (const std::string& name : base::list_directory(destination)) {
    base::throw_if_stopped(stop);
    std::vector<base::Fd> below;
    bool known = false;
    for (const int root : roots) {
      const auto info = layer::stat_at(root, name);
      if (!info) continue;
      known = true;
      if (!S_ISDIR(info->st_mode)) continue;
      below.emplace_back(SLIP_SYSCALL(::openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                      "open directory {}", name));
    }
    if (!known) {
      base::remove_tree_at(destination, name);
      continue;
    }
    const auto info = layer::stat_at(destination, name);
    if (!info || !S_ISDIR(info->st_mode)) continue;
    const base::Fd directory(
        SLIP_SYSCALL(::openat(destination, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                     "open directory {}", name));
    std::vector<int> fds;
    for (const base::Fd& fd : below) fds.push_back(fd.get());
    remove_missing(fds, directory.get(), stop);
  }
}

}  // namespace

void copy_rootfs(int root_fd, int destination_fd, const RootfsOptions& options, const std::stop_token& stop) {
  RootfsCopy copy(destination_fd, options, stop);
  layer::walk_tree(root_fd, {.root = layer::VisitRoot::no, .stop = stop}, [&](const layer::TreeEntry& file) {
    copy.add(file);
    return layer::Visit::go_on;
  });
  copy.finish();
}

void remove_surplus(std::span<const int> roots, int destination_fd, const std::stop_token& stop) {
  remove_missing({roots.begin(), roots.end()}, destination_fd, stop);
}

}  // namespace output
