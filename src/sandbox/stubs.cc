// SPDX-License-Identifier: Apache-2.0
#include "sandbox/stubs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"

namespace sandbox {
namespace {

/// The runtime would make these itself, with modes of its own taste; they stay in the layer.
constexpr const char* kLasting[] = {"/proc", "/sys", "/dev"};

/// Puts the directory's times back when it goes.
class KeepTimes {
 public:
  explicit KeepTimes(int directory) : directory_(directory), known_(::fstat(directory, &info_) == 0) {}
  KeepTimes(const KeepTimes&) = delete;
  KeepTimes& operator=(const KeepTimes&) = delete;
  ~KeepTimes() {
    const timespec times[2] = {info_.st_atim, info_.st_mtim};
    if (known_) (void)::futimens(directory_, times);
  }

 private:
  int directory_;
  struct stat info_{};
  bool known_;
};

bool exists_at(int directory, const std::string& name) {
  struct stat info{};
  return ::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

void make_directory(int parent, const std::string& name, unsigned mode) {
  SLIP_SYSCALL(::mkdirat(parent, name.c_str(), 0755), "make mount point {}", name);
  SLIP_SYSCALL(::fchmodat(parent, name.c_str(), mode, 0), "set the mode of mount point {}", name);  // despite the umask
}

void make_file(int parent, const std::string& name) {
  const base::Fd file(static_cast<int>(
      SLIP_SYSCALL(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644),
                   "make mount point {}", name)));
  SLIP_SYSCALL(::fchmod(file.get(), 0644), "set the mode of mount point {}", name);
}

/// Makes the missing directories of a link-free path and then the stub itself; returns what was
/// made, innermost first. A parent that is no directory is left for the runtime to complain about.
std::vector<std::string> make_path(int root, const std::string& path, const StubTarget& target) {
  std::vector<std::string> made;
  base::Fd at = base::duplicate(root);
  std::string walked;
  const auto names = base::split(path.substr(1), '/');
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    walked += "/" + names[i];
    if (!exists_at(at.get(), names[i])) {
      const KeepTimes keep(at.get());
      if (last && target.kind == StubTarget::Kind::file) {
        make_file(at.get(), names[i]);
      } else {
        make_directory(at.get(), names[i], last ? target.mode : 0755);
      }
      made.insert(made.begin(), walked);
    }
    if (last) break;
    auto next = base::open_in_root_if_exists(root, walked, O_PATH | O_DIRECTORY, base::LastLink::keep);
    if (!next) break;
    // An O_PATH descriptor cannot have its times set.
    at = base::open_in_root(root, walked, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
  }
  return made;
}

bool is_below(const std::string& path, const std::string& ancestor) {
  return path.starts_with(ancestor) && path.size() > ancestor.size() && path[ancestor.size()] == '/';
}

/// True for targets inside earlier mounts: the runtime makes those there, not in the root.
bool lies_in_mount(const std::string& path, std::span<const StubTarget> earlier) {
  const auto covers = [&](const std::string& mount) { return is_below(path, mount); };
  return std::any_of(std::begin(kLasting), std::end(kLasting), covers) ||
         std::any_of(earlier.begin(), earlier.end(), [&](const StubTarget& target) { return covers(target.path); });
}

bool is_read_only(int root) {
  struct statvfs info{};
  return ::fstatvfs(root, &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

/// Removes one stub if it is still empty and still where it was made.
void remove_stub(int root, const std::string& path) {
  const std::string parent_path = base::dir_name(path);
  if (base::resolve_in_root(root, parent_path) != parent_path) return;
  const auto parent = base::open_in_root_if_exists(root, parent_path, O_RDONLY | O_DIRECTORY);
  if (!parent) return;
  const std::string name = base::base_name(path);
  struct stat info{};
  if (::fstatat(parent->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (!S_ISDIR(info.st_mode) && info.st_size != 0) return;
  const KeepTimes keep(parent->get());
  // A directory in use says ENOTEMPTY, which is all the check it needs.
  (void)::unlinkat(parent->get(), name.c_str(), S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0);
}

}  // namespace

MountStubs::MountStubs(int root, const std::vector<StubTarget>& targets, StubRemoval removal) : root_(root) {
  if (is_read_only(root)) return;
  for (const char* path : kLasting) {
    const std::string resolved = base::resolve_in_root(root, path);
    make_path(root, resolved, {resolved, StubTarget::Kind::directory});
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const StubTarget& target = targets[i];
    if (lies_in_mount(target.path, std::span(targets).first(i))) continue;
    const std::string resolved = base::resolve_in_root(root, target.path);
    if (resolved == "/") continue;
    const auto made = make_path(root, resolved, target);
    if (made.empty()) continue;
    if (removal == StubRemoval::with_parents) {
      paths_.insert(paths_.begin(), made.begin(), made.end());
    } else if (made.front() == resolved) {
      paths_.insert(paths_.begin(), resolved);
    }
  }
}

MountStubs::~MountStubs() {
  try {
    remove();
  } catch (const base::Error&) {
    // The root is being taken apart; what is left of a stub goes with it.
  }
}

void MountStubs::remove() {
  for (const auto& path : std::exchange(paths_, {})) {
    try {
      remove_stub(root_, path);
    } catch (const base::Error&) {
      // The step may have put anything there, such as a loop of links: then it is no stub.
    }
  }
}

}  // namespace sandbox
