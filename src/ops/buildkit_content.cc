// SPDX-License-Identifier: Apache-2.0
#include "ops/buildkit_content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/task.h"
#include "llb/buildkit_key.h"
#include "ops/copy_view.h"

namespace ops {
namespace {

using Attributes = std::map<std::string, std::string>;

/// Those that count: of the security names the capabilities alone, of the system's none.
Attributes attributes_of(int fd) {
  Attributes attributes;
  std::string names(64 << 10, '\0');
  const ssize_t size = ::flistxattr(fd, names.data(), names.size());
  if (size <= 0) return attributes;
  names.resize(static_cast<std::size_t>(size));
  for (const auto& name : base::split(names, '\0')) {
    if (name.empty() || name.starts_with("system.") || name.starts_with("trusted.overlay.")) continue;
    if (name.starts_with("security.") && name != "security.capability") continue;
    std::string value(64 << 10, '\0');
    const ssize_t length = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (length >= 0) attributes[name] = value.substr(0, static_cast<std::size_t>(length));
  }
  return attributes;
}

char type_flag(mode_t mode) {
  if (S_ISDIR(mode)) return '5';
  if (S_ISLNK(mode)) return '2';
  if (S_ISCHR(mode)) return '3';
  if (S_ISBLK(mode)) return '4';
  if (S_ISFIFO(mode)) return '6';
  return '0';
}

/// The headers of Docker's tarsum, version 1, without a name.
std::string header(const struct stat& info, const std::string& link, const Attributes& attributes) {
  const bool is_device = S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode);
  std::string text = base::format("namemode{}uid{}gid{}size{}typeflag{}linkname{}unamegnamedevmajor{}devminor{}",
                                  S_ISLNK(info.st_mode) ? 0777 : info.st_mode & 07777U, info.st_uid, info.st_gid,
                                  S_ISREG(info.st_mode) ? info.st_size : 0, type_flag(info.st_mode), link,
                                  is_device ? major(info.st_rdev) : 0U, is_device ? minor(info.st_rdev) : 0U);
  for (const auto& [name, value] : attributes) text += name + value;
  return text;
}

class Walk {
 public:
  Walk(const CopyView& view, const std::stop_token& stop) : view_(view), stop_(stop) {}

  base::Digest entry(int directory, const ViewEntry& entry, const std::string& path) {
    base::throw_if_stopped(stop_);
    if (S_ISDIR(entry.info.st_mode)) return tree(path, entry.info);
    if (S_ISLNK(entry.info.st_mode)) {
      return base::sha256(header(entry.info, base::read_link_at(directory, entry.name), {}));
    }
    if (!S_ISREG(entry.info.st_mode)) return base::sha256(header(entry.info, "", {}));
    const base::Fd file(::openat(directory, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) base::fail_errno(errno, base::format("open {}", path));
    return bytes(file.get(), header(entry.info, "", attributes_of(file.get())));
  }

  /// `info` of the directory itself; its own header is of nothing where it is the root of a context.
  base::Digest tree(const std::string& path, const struct stat& info) {
    const base::Fd directory = view_.open_directory(path);
    const base::Digest own =
        path == "/" ? base::sha256("") : base::sha256(header(info, "", attributes_of(directory.get())));
    base::Sha256 hash;
    hash.update(std::string_view("\0", 1));
    hash.update(own.str());
    auto entries = view_.list(directory.get(), view_.place(path));
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& below : entries) {
      hash.update(std::string(1, '\0') + below.name);
      hash.update(entry(directory.get(), below, (path == "/" ? "" : path) + "/" + below.name).str());
    }
    return hash.finish();
  }

 private:
  base::Digest bytes(int file, const std::string& head) const {
    base::Sha256 hash;
    hash.update(head);
    std::string buffer(256 << 10, '\0');
    for (;;) {
      base::throw_if_stopped(stop_);
      const std::size_t got = base::read_up_to(file, buffer.data(), buffer.size());
      hash.update(std::string_view(buffer.data(), got));
      if (got < buffer.size()) return hash.finish();
    }
  }

  const CopyView& view_;
  const std::stop_token& stop_;
};

bool has_metacharacters(std::string_view path) { return path.find_first_of("*?[\\") != path.npos; }

std::optional<base::Digest> checksum(const CopyView& view, const Selection& selection, const std::stop_token& stop) {
  if (!selection.includes.empty() || !selection.excludes.empty()) return std::nullopt;
  if (selection.wildcard && has_metacharacters(selection.path)) return std::nullopt;
  const std::string path = view.resolve(selection.path, base::LastLink::keep);
  if (path == "/" && !view.live()) return std::nullopt;
  const auto info = view.find(path);
  if (!info || S_ISLNK(info->st_mode)) return std::nullopt;
  Walk walk(view, stop);
  if (path == "/") return walk.tree(path, *info);
  const base::Fd parent = view.open_directory(base::dir_name(path));
  return walk.entry(parent.get(), {base::base_name(path), *info}, path);
}

}  // namespace

std::optional<base::Digest> buildkit_content(const CopySource& tree, const std::vector<Selection>& selections,
                                             const std::stop_token& stop) {
  const CopyView view(tree);
  std::vector<std::string> each;
  for (const auto& selection : selections) {
    const auto digest = checksum(view, selection, stop);
    if (!digest) return std::nullopt;
    each.push_back(digest->str());
  }
  if (each.empty()) return std::nullopt;
  return llb::buildkit_record(base::sha256(base::join(each, std::string_view("\0", 1))), llb::kContentOutput);
}

}  // namespace ops
