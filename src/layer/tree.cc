// SPDX-License-Identifier: Apache-2.0
#include "layer/tree.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/task.h"

namespace layer {
namespace {

bool has_no_xattrs(int error) { return error == ENODATA || error == ENOTSUP || error == ENOENT || error == EPERM; }

/// Calls get(buffer, size) with a buffer that is large enough. Nothing when there is no attribute.
template <typename Get>
std::optional<std::string> read_sized(const Get& get, const std::string& path) {
  std::string value(256, '\0');
  for (;;) {
    const auto size = get(value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<std::size_t>(size));
      return value;
    }
    if (has_no_xattrs(errno)) return std::nullopt;
    if (errno != ERANGE) base::fail_errno(errno, base::format("read the extended attributes of {}", path));
    const auto needed = get(nullptr, 0);
    if (needed > 0) value.resize(static_cast<std::size_t>(needed));
  }
}

struct Inode {
  dev_t device;
  ino_t number;
  bool operator==(const Inode&) const = default;
};

struct InodeHash {
  std::size_t operator()(const Inode& inode) const {
    return std::hash<std::uint64_t>()(inode.number * 31 + inode.device);
  }
};

class Walker {
 public:
  Walker(const WalkOptions& options, const std::function<Visit(const TreeEntry&)>& visit)
      : options_(options), visit_(visit) {}

  void walk(int root) {
    if (options_.root == VisitRoot::yes) {
      struct stat status;
      SLIP_SYSCALL(::fstat(root, &status), "stat the root of a tree");
      if (call(root, "", status) != Visit::go_on) return;
    }
    children(root);
  }

 private:
  Visit call(int directory, const std::string& name, const struct stat& status) {
    const std::string* first = nullptr;
    if (status.st_nlink > 1 && !S_ISDIR(status.st_mode)) {
      const auto [place, is_new] = links_.try_emplace({status.st_dev, status.st_ino}, path_);
      if (!is_new) first = &place->second;
    }
    return visit_(TreeEntry(directory, path_, name, status, first));
  }

  /// False when the walk is to stop.
  bool children(int directory) {
    for (const auto& name : base::list_directory(directory)) {
      base::throw_if_stopped(options_.stop);
      const auto status = stat_at(directory, name);
      if (!status) continue;  // removed meanwhile
      const auto length = path_.size();
      if (!path_.empty()) path_ += '/';
      path_ += name;
      const auto answer = call(directory, name, *status);
      if (answer == Visit::stop) return false;
      if (answer == Visit::go_on && S_ISDIR(status->st_mode) && !descend(directory, name)) return false;
      path_.resize(length);
    }
    return true;
  }

  bool descend(int directory, const std::string& name) {
    const base::Fd inner(SLIP_SYSCALL(
        ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open {}", path_));
    return children(inner.get());
  }

  const WalkOptions& options_;
  const std::function<Visit(const TreeEntry&)>& visit_;
  std::string path_;
  std::unordered_map<Inode, std::string, InodeHash> links_;
};

}  // namespace

std::string descriptor_path(int directory, const std::string& name) {
  auto path = base::format("/proc/self/fd/{}", directory);
  // "/." makes the magic link a step on the way, so that the l*xattr calls see the directory.
  return path + "/" + (name.empty() ? "." : name);
}

Xattrs read_xattrs(int directory, const std::string& name) {
  const auto path = descriptor_path(directory, name);
  const auto names = read_sized([&](char* to, std::size_t size) { return ::llistxattr(path.c_str(), to, size); }, path);
  Xattrs result;
  if (!names) return result;
  for (std::size_t i = 0; i < names->size();) {
    const std::string key(names->c_str() + i);
    i += key.size() + 1;
    if (auto value = read_xattr(directory, name, key.c_str())) result.emplace(key, std::move(*value));
  }
  return result;
}

std::optional<std::string> read_xattr(int directory, const std::string& name, const char* attribute) {
  const auto path = descriptor_path(directory, name);
  return read_sized([&](char* to, std::size_t size) { return ::lgetxattr(path.c_str(), attribute, to, size); }, path);
}

base::Fd open_for_reading(int directory, const std::string& name) {
  // O_NONBLOCK: a name that has become a fifo must not hold us.
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  const int fd = ::openat(directory, name.c_str(), flags | O_NOATIME);  // refused to those who do not own the file
  if (fd >= 0) return base::Fd(fd);
  return base::Fd(SLIP_SYSCALL(::openat(directory, name.c_str(), flags), "open {}", name));
}

std::optional<struct stat> stat_at(int directory, const std::string& name) {
  struct stat status;
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (::fstatat(directory, name.c_str(), &status, flags) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  base::fail_errno(errno, base::format("stat {}", name));
}

std::string TreeEntry::link_target() const { return base::read_link_at(directory_, name_); }

void walk_tree(int root, const WalkOptions& options, const std::function<Visit(const TreeEntry&)>& visit) {
  Walker(options, visit).walk(root);
}

}  // namespace layer
