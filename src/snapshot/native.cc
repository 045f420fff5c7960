// SPDX-License-Identifier: Apache-2.0
#include "snapshot/native.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"
#include "layer/file_compare.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace snapshot {
namespace {

bool is_private(const std::string& attribute) {
  return attribute.starts_with("trusted.overlay.") || attribute.starts_with("user.overlay.");
}

layer::Xattrs public_xattrs(int directory, const std::string& name) {
  auto xattrs = layer::read_xattrs(directory, name);
  std::erase_if(xattrs, [](const auto& xattr) { return is_private(xattr.first); });
  return xattrs;
}

struct Place {
  int directory;
  const std::string& name;  ///< "": the directory itself
};

/// Owner, attributes, mode and times, in the order in which none undoes another.
void copy_attributes(const Place& from, const struct stat& status, const Place& to) {
  const auto path = layer::descriptor_path(to.directory, to.name);
  SLIP_SYSCALL(
      ::fchownat(to.directory, to.name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
      "set the owner of {}", to.name);
  for (const auto& [key, value] : public_xattrs(from.directory, from.name)) {
    if (::lsetxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP &&
        errno != EPERM) {
      base::fail_errno(errno, base::format("set attribute {} of {}", key, to.name));
    }
  }
  if (!S_ISLNK(status.st_mode))
    SLIP_SYSCALL(::chmod(path.c_str(), status.st_mode & 07777), "set the mode of {}", to.name);
  const timespec times[] = {status.st_atim, status.st_mtim};
  SLIP_SYSCALL(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), "set the times of {}", to.name);
}

void copy_content(const Place& from, const Place& to) {
  const auto source = layer::open_for_reading(from.directory, from.name);
  const base::Fd target(
      SLIP_SYSCALL(::openat(to.directory, to.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
                   "make {}", to.name));
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return;
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  for (;;) {
    const auto copied = ::copy_file_range(source.get(), nullptr, target.get(), nullptr, kPiece, 0);
    if (copied == 0) return;
    if (copied < 0) break;
  }
  std::vector<char> buffer(std::size_t{256} * 1024);
  while (const auto got = base::read_up_to(source.get(), buffer.data(), buffer.size())) {
    base::write_all(target.get(), std::string_view(buffer.data(), got));
  }
}

base::Fd open_child(int directory, const std::string& name) {
  return base::Fd(SLIP_SYSCALL(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                               "open directory {}", name));
}

class Materialiser {
 public:
  explicit Materialiser(const std::stop_token& stop) : stop_(stop) {}

  void directory(const layer::MergedDirectory& from, int to) {
    for (const auto& name : from.list()) {
      base::throw_if_stopped(stop_);
      const auto found = from.find(name);
      if (found) base::with_context([&] { file(from, *found, name, to); }, "copying {}", name);
    }
    if (from.empty()) return;
    static const std::string self;
    copy_attributes({from.top(), self}, *layer::stat_at(from.top(), ""), {to, self});
  }

 private:
  void file(const layer::MergedDirectory& parent, const layer::MergedDirectory::Found& found, const std::string& name,
            int to) {
    const auto& status = found.stat;
    if (S_ISDIR(status.st_mode)) {
      SLIP_SYSCALL(::mkdirat(to, name.c_str(), 0700), "make directory {}", name);
      const auto inner = open_child(to, name);
      return directory(parent.enter(name), inner.get());
    }
    // Names of one inode of one layer stay one file.
    if (status.st_nlink > 1) {
      const auto [first, is_new] = links_.try_emplace({status.st_dev, status.st_ino});
      if (!is_new) {
        SLIP_SYSCALL(::linkat(first->second.first.get(), first->second.second.c_str(), to, name.c_str(), 0),
                     "hard link {}", name);
        return;
      }
      first->second = {base::duplicate(to), name};
    }
    if (S_ISREG(status.st_mode)) {
      copy_content({found.directory, name}, {to, name});
    } else if (S_ISLNK(status.st_mode)) {
      const auto target = base::read_link_at(found.directory, name);
      SLIP_SYSCALL(::symlinkat(target.c_str(), to, name.c_str()), "make symlink {}", name);
    } else {
      SLIP_SYSCALL(::mknodat(to, name.c_str(), (status.st_mode & S_IFMT) | 0600, status.st_rdev), "make node {}", name);
    }
    copy_attributes({found.directory, name}, status, {to, name});
  }

  const std::stop_token& stop_;
  std::map<std::pair<dev_t, ino_t>, std::pair<base::Fd, std::string>> links_;
};

bool earlier(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

class Capturer {
 public:
  Capturer(const timespec& made, const std::stop_token& stop) : made_(made), stop_(stop) {}

  /// True when something in it changed. `upper` is made when first needed.
  bool directory(const layer::MergedDirectory& below, int tree, const std::function<int()>& upper) {
    bool changed = false;
    const auto have = base::list_directory(tree);
    const auto had = below.list();
    std::vector<std::string> names;
    std::set_union(have.begin(), have.end(), had.begin(), had.end(), std::back_inserter(names));
    for (const auto& name : names) {
      base::throw_if_stopped(stop_);
      if (base::with_context([&] { return file(below, tree, name, upper); }, "capturing {}", name)) changed = true;
    }
    return changed;
  }

 private:
  bool file(const layer::MergedDirectory& below, int tree, const std::string& name, const std::function<int()>& upper) {
    const auto status = layer::stat_at(tree, name);
    const auto old = below.find(name);
    if (!status) {
      SLIP_SYSCALL(::mknodat(upper(), name.c_str(), S_IFCHR, makedev(0, 0)), "make the whiteout {}", name);
      return true;
    }
    if (S_ISDIR(status->st_mode)) return inner_directory(below, old, tree, name, *status, upper);
    if (old && same(*old, {tree, name, *status})) return false;
    SLIP_SYSCALL(::renameat(tree, name.c_str(), upper(), name.c_str()), "move {} to its layer", name);
    return true;
  }

  bool inner_directory(const layer::MergedDirectory& below, const std::optional<layer::MergedDirectory::Found>& old,
                       int tree, const std::string& name, const struct stat& status,
                       const std::function<int()>& upper) {
    const auto inner = open_child(tree, name);
    base::Fd made;
    const auto make = [&] {
      if (made) return made.get();
      SLIP_SYSCALL(::mkdirat(upper(), name.c_str(), 0700), "make directory {}", name);
      made = open_child(upper(), name);
      return made.get();
    };
    const bool is_new = !old || !S_ISDIR(old->stat.st_mode);
    if (is_new || !same_directory(*old, tree, name, status)) make();
    directory(below.enter(name), inner.get(), make);
    if (!made) return false;
    copy_attributes({tree, name}, status, {upper(), name});
    return true;
  }

  bool same_directory(const layer::MergedDirectory::Found& old, int tree, const std::string& name,
                      const struct stat& status) const {
    return old.stat.st_mode == status.st_mode && old.stat.st_uid == status.st_uid && old.stat.st_gid == status.st_gid &&
           same_time(old.stat.st_mtim, status.st_mtim) &&
           public_xattrs(old.directory, name) == public_xattrs(tree, name);
  }

  bool same(const layer::MergedDirectory::Found& old, const layer::FileRef& now) const {
    if (!same_time(old.stat.st_mtim, now.status.st_mtim)) return false;
    if (public_xattrs(old.directory, now.name) != public_xattrs(now.directory, now.name)) return false;
    auto before = old.stat;
    auto after = now.status;
    // Whole seconds make same_file() look at the content; so do times that cannot be trusted.
    if (!earlier(after.st_ctim, made_)) before.st_mtim.tv_nsec = after.st_mtim.tv_nsec = 0;
    return layer::same_file({old.directory, now.name, before}, {now.directory, now.name, after});
  }

  const timespec made_;
  const std::stop_token& stop_;
};

}  // namespace

void materialise(std::span<const std::string> layers, const std::string& into, const std::stop_token& stop) {
  const auto root = base::open_directory(into);
  Materialiser(stop).directory(layer::MergedDirectory(layers), root.get());
}

void capture(std::span<const std::string> layers, const std::string& tree, const std::string& upper,
             const timespec& made, const std::stop_token& stop) {
  const auto from = base::open_directory(tree);
  const auto to = base::open_directory(upper);
  const auto status = layer::stat_at(from.get(), "");
  Capturer(made, stop).directory(layer::MergedDirectory(layers), from.get(), [&] { return to.get(); });
  static const std::string self;
  copy_attributes({from.get(), self}, *status, {to.get(), self});
}

}  // namespace snapshot
