// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_metadata.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/strings.h"

namespace ops {
namespace {

/// Below this a read and a write beat asking the kernel to copy.
constexpr std::size_t kSmall = 128 << 10;

UserNamespace read_user_namespace() {
  const auto map = base::read_file_if_exists("/proc/self/uid_map");
  if (!map) return UserNamespace::none;
  std::vector<std::string> fields;
  for (const auto& field : base::split(base::replace_all(*map, "\n", " "), ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != 3) return UserNamespace::mapped;
  if (fields[2] == "1") return UserNamespace::single;
  return fields[1] == "0" && fields[2] == "4294967295" ? UserNamespace::none : UserNamespace::mapped;
}

void change_owner(int directory, const char* name, int flags, const Owner& owner) {
  if (user_namespace() == UserNamespace::single) return;
  SLIP_SYSCALL(::fchownat(directory, name, owner.uid, owner.gid, flags), "change owner to {}:{}", owner.uid, owner.gid);
}

std::array<timespec, 2> times_of(const struct stat& info, const std::optional<std::int64_t>& time) {
  if (!time) return {info.st_atim, info.st_mtim};
  std::int64_t seconds = *time / 1'000'000'000;
  std::int64_t rest = *time % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  const timespec stamp{static_cast<time_t>(seconds), static_cast<long>(rest)};
  return {stamp, stamp};
}

bool counts(std::string_view name) {
  if (name == "security.capability") return true;
  return !name.starts_with("security.") && !name.starts_with("trusted.overlay.") && !name.starts_with("user.overlay.");
}

/// Copies until `from` ends. False when this way is closed for these two files and nothing was copied.
template <typename CopySome>
bool copy_in_kernel(const CopySome& copy_some) {
  for (bool first = true;; first = false) {
    const ssize_t copied = copy_some();
    if (copied == 0) return true;
    if (copied > 0) continue;
    if (errno == EINTR) continue;
    if (first && errno != ENOSPC && errno != EDQUOT && errno != EIO && errno != EFBIG) return false;
    base::fail_errno(errno, "copy file content");
  }
}

}  // namespace

UserNamespace user_namespace() {
  static const UserNamespace known = read_user_namespace();
  return known;
}

Owner CopyRules::owner_for(const struct stat& info) const { return owner ? *owner : Owner{info.st_uid, info.st_gid}; }

mode_t CopyRules::mode_for(const struct stat& info) const {
  if (change) return change->apply(info.st_mode);
  return mode ? *mode & 07777 : info.st_mode & 07777;
}

std::map<std::string, std::string> read_xattrs(int fd) {
  std::map<std::string, std::string> found;
  std::string names(4096, '\0');
  ssize_t size = ::flistxattr(fd, names.data(), names.size());
  if (size < 0 && errno == ERANGE) {
    names.resize(64 << 10);
    size = ::flistxattr(fd, names.data(), names.size());
  }
  if (size <= 0) return found;  // none, or a file system that knows none
  names.resize(static_cast<std::size_t>(size));
  for (const auto& name : base::split(names, '\0')) {
    if (name.empty() || !counts(name)) continue;
    std::string value(64 << 10, '\0');
    const ssize_t length = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (length < 0) continue;
    value.resize(static_cast<std::size_t>(length));
    found[name] = std::move(value);
  }
  return found;
}

void copy_bytes(int from, int to, std::uint64_t expected) {
  thread_local const auto buffer = std::make_unique<std::array<char, kSmall>>();
  auto got = static_cast<std::size_t>(SLIP_SYSCALL(::read(from, buffer->data(), buffer->size()), "read"));
  // A short read that brings what is there needs no second one to see the end.
  if (got < buffer->size() && got != expected) {
    got += base::read_up_to(from, buffer->data() + got, buffer->size() - got);
  }
  base::write_all(to, std::string_view(buffer->data(), got));
  if (got < buffer->size()) return;
  constexpr std::size_t kChunk = std::size_t{1} << 30;
  if (copy_in_kernel([&] { return ::copy_file_range(from, nullptr, to, nullptr, kChunk, 0); })) return;
  if (copy_in_kernel([&] { return ::sendfile(to, from, nullptr, kChunk); })) return;
  for (;;) {
    const std::size_t more = base::read_up_to(from, buffer->data(), buffer->size());
    if (more == 0) return;
    base::write_all(to, std::string_view(buffer->data(), more));
  }
}

void apply_times(int to, const struct stat& info, const CopyRules& rules) {
  SLIP_SYSCALL(::futimens(to, times_of(info, rules.time).data()), "set times");
}

void apply_metadata(int from, int to, const struct stat& info, const CopyRules& rules, const Birth& birth) {
  const Owner owner = rules.owner_for(info);
  const bool owned = birth.owner && owner.uid == ::geteuid() && owner.gid == ::getegid();
  if (!owned) change_owner(to, "", AT_EMPTY_PATH, owner);
  if (!birth.mode) SLIP_SYSCALL(::fchmod(to, rules.mode_for(info)), "change mode");
  if (from >= 0) {
    for (const auto& [name, value] : read_xattrs(from)) {
      // What the destination cannot hold is left out, as BuildKit does; it logs where nobody looks.
      static_cast<void>(::fsetxattr(to, name.c_str(), value.data(), value.size(), 0));
    }
  }
  apply_times(to, info, rules);
}

void apply_metadata_at(int directory, const char* name, const struct stat& info, const CopyRules& rules) {
  change_owner(directory, name, AT_SYMLINK_NOFOLLOW, rules.owner_for(info));
  if (!S_ISLNK(info.st_mode))
    SLIP_SYSCALL(::fchmodat(directory, name, rules.mode_for(info), 0), "change mode of {}", name);
  SLIP_SYSCALL(::utimensat(directory, name, times_of(info, rules.time).data(), AT_SYMLINK_NOFOLLOW), "set times of {}",
               name);
}

void apply_made(int directory, const char* name, const std::optional<Owner>& owner,
                const std::optional<std::int64_t>& time) {
  if (owner) change_owner(directory, name, AT_SYMLINK_NOFOLLOW, *owner);
  if (!time) return;
  const struct stat none = {};
  SLIP_SYSCALL(::utimensat(directory, name, times_of(none, time).data(), AT_SYMLINK_NOFOLLOW), "set times of {}", name);
}

std::optional<std::int64_t> time_of(std::int64_t timestamp) {
  return timestamp == -1 ? std::nullopt : std::optional(timestamp);
}

}  // namespace ops
