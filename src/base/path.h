// SPDX-License-Identifier: Apache-2.0
#pragma once
// Paths as text, with Go's path.Clean semantics (the Dockerfile's own), and opening them inside a
// root that nothing can escape. Names are bytes; nothing here assumes UTF-8.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace base {

/// Go's path.Clean: "" is ".", "a//b/../c/" is "a/c", "/.." is "/".
std::string clean_path(std::string_view path);
/// Cleaned `directory/name`; an absolute name does not replace the directory ("/a" + "/b" = "/a/b").
std::string join_path(std::string_view directory, std::string_view name);
/// The last element ("/" for "/", "." for ""), as Go's path.Base.
std::string base_name(std::string_view path);
/// Everything before the last element, cleaned, as Go's path.Dir.
std::string dir_name(std::string_view path);
inline bool is_absolute(std::string_view path) { return path.starts_with('/'); }

/// What to do with a symlink as the last element of a path.
enum class LastLink : std::uint8_t { follow, keep };

/// Opens `path` below `root` with every symlink, ".." and absolute target resolved as if `root`
/// were "/" (openat2 RESOLVE_IN_ROOT; a tested walk of our own where the kernel has none).
/// `flags` as for open(2), O_CLOEXEC is added. `path` may begin with "/" or not; "" is the root.
/// Throws; open_in_root_if_exists gives nothing for ENOENT and ENOTDIR.
Fd open_in_root(int root, std::string_view path, int flags, LastLink last = LastLink::follow, mode_t mode = 0);
std::optional<Fd> open_in_root_if_exists(int root, std::string_view path, int flags, LastLink last = LastLink::follow,
                                         mode_t mode = 0);

/// Where `path` ends inside `root` once its symlinks are resolved as above: an absolute, clean,
/// link-free path. Elements that do not exist are kept as they are. `last` as above.
/// Throws invalid_argument after 255 links.
std::string resolve_in_root(int root, std::string_view path, LastLink last = LastLink::follow);

}  // namespace base
