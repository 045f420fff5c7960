// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"

namespace base {
namespace {

constexpr int kMaxLinks = 255;

std::atomic<bool> has_openat2{true};

int try_openat2(int root, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    // EAGAIN: a rename raced with a ".." on the way; the kernel asks for another try.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

/// Kernels before 5.6: resolve the links ourselves, then walk the clean path without following any.
int open_by_walk(int root, std::string_view path, int flags, LastLink last, mode_t mode) {
  const std::string resolved = resolve_in_root(root, path, last);
  if (resolved == "/") return ::openat(root, ".", flags | O_CLOEXEC, mode);
  Fd directory = duplicate(root);
  const auto elements = split(std::string_view(resolved).substr(1), '/');
  for (std::size_t i = 0; i + 1 < elements.size(); ++i) {
    Fd next(::openat(directory.get(), elements[i].c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return -1;
    directory = std::move(next);
  }
  return ::openat(directory.get(), elements.back().c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

int open_below(int root, std::string_view path, int flags, LastLink last, mode_t mode) {
  if (last == LastLink::keep) flags |= O_NOFOLLOW;
  if (has_openat2) {
    std::string relative(path);
    if (relative.empty()) relative = ".";
    const int fd = try_openat2(root, relative.c_str(), flags, mode);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
    if (errno == EPERM && try_openat2(root, ".", O_PATH, 0) >= 0) {
      errno = EPERM;
      return -1;
    }
    has_openat2 = false;
  }
  return open_by_walk(root, path, flags, last, mode);
}

/// Text of the link `name` in `directory`, or nothing when it is no link or absent.
std::optional<std::string> link_text(int directory, const std::string& name) {
  struct stat info;
  if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(info.st_mode)) {
    return std::nullopt;
  }
  return read_link_at(directory, name);
}

}  // namespace

std::string clean_path(std::string_view path) {
  const bool rooted = is_absolute(path);
  std::vector<std::string_view> kept;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view element = path.substr(0, slash);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    if (element.empty() || element == ".") continue;
    const bool up = element == "..";
    if (up && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!up || !rooted) {
      kept.push_back(element);
    }
  }
  std::string clean = rooted ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) clean += '/';
    clean += kept[i];
  }
  return clean.empty() ? "." : clean;
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty()) return name.empty() ? "" : clean_path(name);
  if (name.empty()) return clean_path(directory);
  return clean_path(std::string(directory) + "/" + std::string(name));
}

std::string base_name(std::string_view path) {
  if (path.empty()) return ".";
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/") return "/";
  const auto slash = path.rfind('/');
  return std::string(slash == path.npos ? path : path.substr(slash + 1));
}

std::string dir_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : clean_path(path.substr(0, slash + 1));
}

Fd open_in_root(int root, std::string_view path, int flags, LastLink last, mode_t mode) {
  const int fd = open_below(root, path, flags, last, mode);
  if (fd < 0) fail_errno(errno, base::format("open {}", path));
  return Fd(fd);
}

std::optional<Fd> open_in_root_if_exists(int root, std::string_view path, int flags, LastLink last, mode_t mode) {
  const int fd = open_below(root, path, flags, last, mode);
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  fail_errno(errno, base::format("open {}", path));
}

std::string resolve_in_root(int root, std::string_view path, LastLink last) {
  // `done` is clean, absolute and link-free; `rest` are the elements still to walk, last one first.
  std::string done = "/";
  std::vector<std::string> rest = split(path, '/');
  std::reverse(rest.begin(), rest.end());
  Fd directory = duplicate(root);  // of `done`; empty once something on the way does not exist
  int links = 0;
  const auto reopen = [&] {
    directory = Fd(done == "/" ? ::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC)
                               : ::openat(root, done.c_str() + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  };
  while (!rest.empty()) {
    const std::string element = std::move(rest.back());
    rest.pop_back();
    if (element.empty() || element == ".") continue;
    if (element == "..") {
      done = dir_name(done);
      reopen();
      continue;
    }
    const bool final = std::all_of(rest.begin(), rest.end(), [](const auto& e) { return e.empty() || e == "."; });
    if (directory && !(final && last == LastLink::keep)) {
      if (const auto target = link_text(directory.get(), element)) {
        if (++links > kMaxLinks) fail(Code::invalid_argument, "resolve {}: too many symbolic links", path);
        auto parts = split(*target, '/');
        rest.insert(rest.end(), parts.rbegin(), parts.rend());
        if (is_absolute(*target)) {
          done = "/";
          reopen();
        }
        continue;
      }
    }
    done = join_path(done, element);
    if (directory) {
      directory = Fd(::openat(directory.get(), element.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
  }
  return done;
}

}  // namespace base
