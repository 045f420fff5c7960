// SPDX-License-Identifier: Apache-2.0
#include "ops/file_actions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "ops/copy_metadata.h"
#include "ops/copy_parents.h"
#include "ops/copy_view.h"

namespace ops {
namespace {

/// The directory above a link-free path, and the name in it.
struct Place {
  base::Fd directory;
  std::string name;
};

Place place_of(int root, const std::string& path) {
  return {base::open_in_root(root, base::dir_name(path), O_RDONLY | O_DIRECTORY, base::LastLink::keep),
          base::base_name(path)};
}

void remove_one(int root, std::string_view path, bool allow_not_found) {
  const std::string clean = base::join_path("/", path);
  if (clean == "/") base::fail(base::Code::invalid_argument, "remove: invalid empty path");
  const std::string name = base::base_name(clean);
  const auto directory = base::open_in_root_if_exists(root, base::dir_name(clean), O_RDONLY | O_DIRECTORY);
  struct stat info;
  const bool there = directory && ::fstatat(directory->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (there) return base::remove_tree_at(directory->get(), name);
  if (!allow_not_found) base::fail(base::Code::not_found, "remove {}: no such file or directory", clean);
}

}  // namespace

void make_directory(int root, const MakeDirectory& request) {
  const std::string path = base::resolve_in_root(root, request.path);
  const ParentRules rules{static_cast<mode_t>(request.mode) & 0777, request.owner, time_of(request.timestamp)};
  if (request.make_parents) {
    std::vector<std::string> made;
    make_parents(root, path, rules, &made);
    return restore_parent_times(root, made, rules);
  }
  if (path == "/") return;
  const Place place = place_of(root, path);
  const char* name = place.name.c_str();
  if (::mkdirat(place.directory.get(), name, rules.mode) != 0) {
    if (errno == EEXIST) return;  // whatever it is
    base::fail_errno(errno, base::format("mkdir {}", path));
  }
  SLIP_SYSCALL(::fchmodat(place.directory.get(), name, rules.mode, 0), "change mode of {}", path);
  apply_made(place.directory.get(), name, rules.owner, rules.time);
}

void make_file(int root, const MakeFile& request) {
  const std::string path = base::resolve_in_root(root, base::join_path("/", request.path));
  base::with_context(
      [&] {
        const Place place = place_of(root, path);
        const char* name = place.name.c_str();
        constexpr int kFlags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        base::Fd file(::openat(place.directory.get(), name, kFlags | O_CREAT | O_EXCL, 0600));
        if (file) {
          SLIP_SYSCALL(::fchmod(file.get(), static_cast<mode_t>(request.mode) & 0777), "change mode");
        } else {
          // A file that is there keeps its mode, as with open(2).
          file = base::Fd(SLIP_SYSCALL(::openat(place.directory.get(), name, kFlags | O_TRUNC), "open"));
        }
        base::write_all(file.get(), request.data);
        apply_made(place.directory.get(), name, request.owner, time_of(request.timestamp));
      },
      "make file {}", path);
}

void remove_path(int root, const RemovePath& request) {
  if (!request.allow_wildcard) return remove_one(root, request.path, request.allow_not_found);
  CopySource source;
  source.root = root;
  const CopyView view(source);
  for (const auto& picked : pick_paths(view, request.path, Wildcards::expand, base::LastLink::keep)) {
    remove_one(root, picked.name, request.allow_not_found);
  }
}

void make_symlink(int root, const MakeSymlink& request) {
  const std::string path = base::resolve_in_root(root, base::join_path("/", request.path));
  const Place place = place_of(root, path);
  const char* name = place.name.c_str();
  SLIP_SYSCALL(::symlinkat(request.target.c_str(), place.directory.get(), name), "symlink {} to {}", path,
               request.target);
  apply_made(place.directory.get(), name, request.owner, time_of(request.timestamp));
}

}  // namespace ops
