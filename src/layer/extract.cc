// SPDX-License-Identifier: Apache-2.0
#include "layer/extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/task.h"
#include "layer/merged_view.h"
#include "layer/tree.h"

namespace layer {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kSpecial = ".wh..wh.";  // notes that aufs left for itself

std::string joined(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

timespec times_of(std::int64_t seconds, std::uint32_t nanos) {
  // Times before 1970 become 1970, as in the other unpackers of layers.
  if (seconds < 0) return {0, 0};
  return {static_cast<time_t>(seconds), static_cast<long>(nanos)};
}

uid_t checked_id(std::uint64_t id, const TarEntry& entry) {
  if (id >= UINT32_MAX) base::fail(base::Code::data_loss, "owner {} of \"{}\" is out of range", id, entry.name);
  return static_cast<uid_t>(id);
}

mode_t file_type(TarType type) {
  switch (type) {
    case TarType::char_device: return S_IFCHR;
    case TarType::block_device: return S_IFBLK;
    default: return S_IFIFO;
  }
}

}  // namespace

Extractor::Extractor(int root, const ExtractOptions& options, std::stop_token stop)
    : root_(root), options_(options), stop_(std::move(stop)) {}

void Extractor::add(const TarEntry& entry, TarReader& tar) {
  base::throw_if_stopped(stop_);
  // Cleaning an absolute path cuts every "..": whatever the name, it lies below the root.
  const auto path = base::clean_path("/" + entry.name);
  if (path == "/") return;
  const auto directory = base::dir_name(path);
  const auto name = base::base_name(path);
  if (options_.whiteouts == Whiteouts::convert && name.starts_with(kWhiteout)) {
    if (add_whiteout(directory, name)) return;
  }
  const bool is_device = entry.type == TarType::char_device || entry.type == TarType::block_device;
  if (is_device && options_.devices == Devices::skip) {
    skipped_.push_back(path);
    return;
  }
  const Place place{enter(directory), name};
  implied_.erase(path);
  make(place, entry, tar);
  ++files_;
  set_attributes(place, entry);
  if (entry.type == TarType::directory) directory_times_[path] = {entry.mtime, entry.mtime_nanos};
}

/// A descriptor of the directory, which is made where it is missing.
int Extractor::enter(const std::string& directory) {
  if (directory == "/") return root_;
  if (parent_path_ == directory) return parent_.get();
  auto fd = base::open_in_root_if_exists(root_, directory, O_PATH | O_DIRECTORY);
  parent_ = fd ? std::move(*fd) : make_parents(directory);
  parent_path_ = directory;
  return parent_.get();
}

base::Fd Extractor::make_parents(const std::string& directory) {
  // Symlinks of the archive count, within the root; then each step is a plain name.
  const auto resolved = base::resolve_in_root(root_, directory);
  auto at = base::duplicate(root_);
  std::string path;
  for (const auto& name : base::split(std::string_view(resolved).substr(1), '/')) {
    path += "/" + name;
    if (!name.empty()) at = make_parent(at.get(), name, path);
  }
  return at;
}

base::Fd Extractor::make_parent(int at, const std::string& name, const std::string& path) {
  const auto status = stat_at(at, name);
  const bool hidden = status && is_whiteout(*status) && options_.whiteouts == Whiteouts::convert;
  if (status && !hidden && !S_ISDIR(status->st_mode)) {
    base::fail(base::Code::data_loss, "{} is needed as a directory but is a file", path);
  }
  if (hidden) SLIP_SYSCALL(::unlinkat(at, name.c_str(), 0), "replace the whiteout {}", path);
  if (!status || hidden) {
    SLIP_SYSCALL(::mkdirat(at, name.c_str(), 0755), "make directory {}", path);
    SLIP_SYSCALL(::fchmodat(at, name.c_str(), 0755, 0), "set the mode of {}", path);
    implied_.insert(path);
  }
  if (hidden) mark_opaque(at, name);
  return base::Fd(SLIP_SYSCALL(::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                               "open directory {}", path));
}

/// False when the name only looks like a whiteout's.
bool Extractor::add_whiteout(const std::string& directory, const std::string& name) {
  if (name == kOpaque) {
    mark_opaque(enter(directory), "");
    return true;
  }
  if (name.starts_with(kSpecial)) return true;
  const auto hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    base::fail(base::Code::data_loss, "\"{}\" is not a valid whiteout", joined(directory, name));
  }
  hide({enter(directory), hidden});
  ++files_;
  return true;
}

void Extractor::hide(const Place& place) {
  const auto existing = stat_at(place.directory, place.name);
  if (existing && S_ISDIR(existing->st_mode)) {
    mark_opaque(place.directory, place.name);
  } else if (!existing) {
    SLIP_SYSCALL(::mknodat(place.directory, place.name.c_str(), S_IFCHR, makedev(0, 0)), "make the whiteout {}",
                 place.name);
  }
  // Any other file of this layer hides what lies below by being there.
}

void Extractor::mark_opaque(int directory, const std::string& name) {
  const char* attribute =
      options_.overlay_xattrs == OverlayXattrs::trusted ? "trusted.overlay.opaque" : "user.overlay.opaque";
  const auto path = descriptor_path(directory, name);
  SLIP_SYSCALL(::lsetxattr(path.c_str(), attribute, "y", 1, 0), "mark directory \"{}\" opaque ({})", name, attribute);
}

/// Removes what is in the way. True when a whiteout was there, which a directory must replace.
bool Extractor::clear_way(const Place& place, const TarEntry& entry) {
  const auto existing = stat_at(place.directory, place.name);
  if (!existing) return false;
  const bool was_directory = S_ISDIR(existing->st_mode);
  if (was_directory && entry.type == TarType::directory) return false;
  base::remove_tree_at(place.directory, place.name);
  parent_path_.reset();  // it may have led through what is gone
  return options_.whiteouts == Whiteouts::convert && is_whiteout(*existing);
}

void Extractor::make(const Place& place, const TarEntry& entry, TarReader& tar) {
  if (entry.type == TarType::hard_link) return make_hard_link(place, entry);
  const bool was_hidden = clear_way(place, entry);
  const char* name = place.name.c_str();
  switch (entry.type) {
    case TarType::file: make_file(place, entry, tar); break;
    case TarType::directory:
      if (::mkdirat(place.directory, name, 0700) != 0 && errno != EEXIST) {
        base::fail_errno(errno, base::format("make directory {}", entry.name));
      }
      if (was_hidden) mark_opaque(place.directory, place.name);
      break;
    case TarType::symlink:
      SLIP_SYSCALL(::symlinkat(entry.link_name.c_str(), place.directory, name), "make symlink {} to \"{}\"", entry.name,
                   entry.link_name);
      break;
    default:
      SLIP_SYSCALL(::mknodat(place.directory, name, file_type(entry.type) | 0600,
                             makedev(entry.device_major, entry.device_minor)),
                   "make device node {}", entry.name);
  }
}

void Extractor::make_file(const Place& place, const TarEntry& entry, TarReader& tar) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const base::Fd file(SLIP_SYSCALL(::openat(place.directory, place.name.c_str(), flags, 0600), "make {}", entry.name));
  std::uint64_t end = 0;
  for (auto piece = tar.content(); !piece.bytes.empty(); piece = tar.content()) {
    base::throw_if_stopped(stop_);
    if (piece.offset != end) {
      SLIP_SYSCALL(::lseek(file.get(), static_cast<off_t>(piece.offset), SEEK_SET), "seek in {}", entry.name);
    }
    base::with_context([&] { base::write_all(file.get(), piece.bytes); }, "{}", entry.name);
    end = piece.offset + piece.bytes.size();
  }
  if (end != entry.size) {
    SLIP_SYSCALL(::ftruncate(file.get(), static_cast<off_t>(entry.size)), "extend {} to {} bytes", entry.name,
                 entry.size);
  }
  file_bytes_ += entry.size;
}

void Extractor::make_hard_link(const Place& place, const TarEntry& entry) {
  const auto target = base::clean_path("/" + entry.link_name);
  const auto parent = base::open_in_root_if_exists(root_, base::dir_name(target), O_PATH | O_DIRECTORY);
  const auto name = base::base_name(target);
  const auto status = parent && target != "/" ? stat_at(parent->get(), name) : std::nullopt;
  const bool hidden = status && is_whiteout(*status) && options_.whiteouts == Whiteouts::convert;
  if (!status || hidden || S_ISDIR(status->st_mode)) {
    base::fail(base::Code::data_loss, "hard link \"{}\" to \"{}\": no such file in this archive", entry.name,
               entry.link_name);
  }
  const auto existing = stat_at(place.directory, place.name);
  const bool is_same = existing && existing->st_ino == status->st_ino && existing->st_dev == status->st_dev;
  if (is_same) return;
  clear_way(place, entry);
  SLIP_SYSCALL(::linkat(parent->get(), name.c_str(), place.directory, place.name.c_str(), 0), "hard link {} to {}",
               entry.name, entry.link_name);
}

void Extractor::set_attributes(const Place& place, const TarEntry& entry) {
  const char* name = place.name.c_str();
  if (options_.owners == Owners::keep) {
    const auto uid = options_.owner ? options_.owner->uid : checked_id(entry.uid, entry);
    const auto gid = options_.owner ? options_.owner->gid : checked_id(entry.gid, entry);
    if (::fchownat(place.directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
      const int error = errno;
      try {
        base::fail_errno(error, base::format("set owner {}:{} of {}", uid, gid, entry.name));
      } catch (base::Error& failure) {
        if (error == EINVAL) {
          failure.set_hint(
              "the user namespace does not map this id: give the user more ids in /etc/subuid and "
              "/etc/subgid");
        }
        throw;
      }
    }
  }
  for (const auto& [key, value] : entry.xattrs) set_xattr(place, entry, key, value);
  // The entry of a hard link has the last word on the file's attributes, as with Docker and containerd.
  const auto made = stat_at(place.directory, name);
  if (made && !S_ISLNK(made->st_mode)) {
    SLIP_SYSCALL(::fchmodat(place.directory, name, entry.mode & 07777, 0), "set the mode of {}", entry.name);
  }
  const auto time = times_of(entry.mtime, entry.mtime_nanos);
  const timespec times[] = {time, time};
  SLIP_SYSCALL(::utimensat(place.directory, name, times, AT_SYMLINK_NOFOLLOW), "set the times of {}", entry.name);
}

void Extractor::set_xattr(const Place& place, const TarEntry& entry, const std::string& key, const std::string& value) {
  // overlayfs gives these a meaning; an archive must not speak to it.
  if (key.starts_with("trusted.") || key.starts_with("user.overlay.")) return;
  const auto path = descriptor_path(place.directory, place.name);
  if (::lsetxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) == 0) return;
  // Not every file system has every kind, and user.* exists on files and directories alone.
  if (errno == ENOTSUP || (errno == EPERM && key != "security.capability")) return;
  base::fail_errno(errno, base::format("set attribute {} of {}", key, entry.name));
}

void Extractor::finish() {
  for (const auto& [path, when] : directory_times_) {
    const auto directory = base::open_in_root_if_exists(root_, path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
    if (!directory) continue;  // something replaced it later
    const auto time = times_of(when.first, when.second);
    const timespec times[] = {time, time};
    SLIP_SYSCALL(::futimens(directory->get(), times), "set the times of {}", path);
  }
}

}  // namespace layer
