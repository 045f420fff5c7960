// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/random.h"

namespace base {
namespace {

bool is_absent(int error) { return error == ENOENT || error == ENOTDIR; }

int open_retrying(const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

void remove_directory_contents(int directory) {
  for (const auto& name : list_directory(directory)) remove_tree_at(directory, name);
}

}  // namespace

Fd open_file(const std::string& path, int flags, mode_t mode) {
  const int fd = open_retrying(path, flags, mode);
  if (fd < 0) fail_errno(errno, base::format("open {}", path));
  return Fd(fd);
}

std::optional<Fd> open_file_if_exists(const std::string& path, int flags) {
  const int fd = open_retrying(path, flags, 0);
  if (fd >= 0) return Fd(fd);
  if (is_absent(errno)) return std::nullopt;
  fail_errno(errno, base::format("open {}", path));
}

Fd open_directory(const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); }

std::string read_file(const std::string& path, std::size_t limit) {
  const Fd fd = open_file(path, O_RDONLY);
  return with_context([&] { return read_all(fd.get(), limit); }, "read {}", path);
}

std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit) {
  const auto fd = open_file_if_exists(path, O_RDONLY);
  if (!fd) return std::nullopt;
  return with_context([&] { return read_all(fd->get(), limit); }, "read {}", path);
}

void write_file_atomic(const std::string& path, std::string_view bytes, Durable durable, mode_t mode) {
  const std::string temporary = base::format("{}.{}.tmp", path, random_id(8));
  try {
    with_context(
        [&] {
          Fd fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
          write_all(fd.get(), bytes);
          if (durable == Durable::yes) sync_fd(fd.get());
          fd.reset();
          SLIP_SYSCALL(::rename(temporary.c_str(), path.c_str()), "rename {}", temporary);
        },
        "write {}", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (durable == Durable::yes) sync_directory(dir_name(path));
}

bool exists(const std::string& path) { return lstat_if_exists(path).has_value(); }

std::optional<struct stat> stat_if_exists(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) return info;
  if (is_absent(errno)) return std::nullopt;
  fail_errno(errno, base::format("stat {}", path));
}

std::optional<struct stat> lstat_if_exists(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) == 0) return info;
  if (is_absent(errno)) return std::nullopt;
  fail_errno(errno, base::format("stat {}", path));
}

void make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return;
  if (errno == ENOENT) {
    make_directories(dir_name(path), mode);
    if (::mkdir(path.c_str(), mode) == 0) return;
  }
  if (errno != EEXIST) fail_errno(errno, base::format("create directory {}", path));
  const auto info = stat_if_exists(path);
  if (!info || !S_ISDIR(info->st_mode)) fail_errno(ENOTDIR, base::format("create directory {}", path));
}

void remove_tree(const std::string& path) { remove_tree_at(AT_FDCWD, path); }

void remove_tree_at(int directory, const std::string& name) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || is_absent(errno)) return;
  if (errno != EISDIR && errno != EPERM) fail_errno(errno, base::format("remove {}", name));
  if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0) return;
  Fd inner(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inner && errno == EACCES) {
    ::fchmodat(directory, name.c_str(), 0700, 0);
    inner = Fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!inner) fail_errno(errno, base::format("remove {}", name));
  ::fchmod(inner.get(), 0700);  // a directory may have been left without write permission
  remove_directory_contents(inner.get());
  if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    fail_errno(errno, base::format("remove {}", name));
  }
}

std::vector<std::string> list_directory(int directory) {
  // A descriptor of its own, so that the caller's position does not move.
  Fd copy(SLIP_SYSCALL(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open directory"));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy.get()), ::closedir);
  if (!stream) fail_errno(errno, "list directory");
  copy.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) fail_errno(errno, "list directory");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list_directory(const std::string& path) {
  const Fd fd = open_directory(path);
  return with_context([&] { return list_directory(fd.get()); }, "{}", path);
}

std::string read_link_at(int directory, const std::string& name) {
  std::string text(256, '\0');
  for (;;) {
    const auto length =
        SLIP_SYSCALL(::readlinkat(directory, name.c_str(), text.data(), text.size()), "read link {}", name);
    if (static_cast<std::size_t>(length) < text.size()) {
      text.resize(static_cast<std::size_t>(length));
      return text;
    }
    text.resize(text.size() * 2);
  }
}

void sync_directory(const std::string& path) { sync_fd(open_directory(path).get()); }

TemporaryDirectory::TemporaryDirectory(std::string_view prefix, const std::string& parent) {
  std::string root = parent;
  if (root.empty()) {
    const char* configured = ::getenv("TMPDIR");
    root = configured && *configured ? configured : "/tmp";
  }
  path_ = base::format("{}/{}{}", root, prefix, random_id(10));
  SLIP_SYSCALL(::mkdir(path_.c_str(), 0700), "create directory {}", path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  try {
    remove_tree(path_);
  } catch (const Error&) {
    // What is left of a temporary directory harms nobody; a destructor must not throw.
  }
}

namespace {

Fd open_lock(const std::string& path) { return open_file(path, O_RDWR | O_CREAT, 0644); }
int operation(FileLock::Mode mode) { return mode == FileLock::Mode::shared ? LOCK_SH : LOCK_EX; }

}  // namespace

FileLock FileLock::wait(const std::string& path, Mode mode) {
  Fd fd = open_lock(path);
  SLIP_SYSCALL(::flock(fd.get(), operation(mode)), "lock {}", path);
  return FileLock(std::move(fd));
}

std::optional<FileLock> FileLock::try_lock(const std::string& path, Mode mode) {
  Fd fd = open_lock(path);
  for (;;) {
    if (::flock(fd.get(), operation(mode) | LOCK_NB) == 0) return FileLock(std::move(fd));
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) fail_errno(errno, base::format("lock {}", path));
  }
}

bool FileLock::is_at(const std::string& path) const {
  struct stat held;
  SLIP_SYSCALL(::fstat(fd_.get(), &held), "stat {}", path);
  const auto named = stat_if_exists(path);
  return named && named->st_dev == held.st_dev && named->st_ino == held.st_ino;
}

}  // namespace base
