// SPDX-License-Identifier: Apache-2.0
#pragma once
// Walking a directory tree in one fixed order: each directory before its children, children sorted
// by the bytes of their names ("a", "a/b", "a.txt"). Used by the differ, content digests, exporters.
//
//     layer::walk_tree(root, {}, [&](const layer::TreeEntry& entry) {
//       if (entry.is_directory() && entry.path() == "proc") return layer::Visit::skip_children;
//       hash(entry.path(), entry.stat(), entry.xattrs());
//       return layer::Visit::go_on;
//     });
//
// Symlinks are never followed; mount points are walked into. The walk holds one descriptor per
// level, so names of any length and depth work. Threads: one walk belongs to one thread.
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace layer {

using Xattrs = std::map<std::string, std::string>;

/// A path for the calls that take no descriptor: `name` in `directory`, or the directory itself for
/// "". Valid while the descriptor is open.
std::string descriptor_path(int directory, const std::string& name);
/// All extended attributes of `name` in `directory` (of the directory itself when name is ""), of
/// a symlink itself. Empty where the file system has none.
Xattrs read_xattrs(int directory, const std::string& name);
/// One attribute; nothing when it is not set.
std::optional<std::string> read_xattr(int directory, const std::string& name, const char* attribute);

/// Opens a regular file for reading without following a symlink or changing its access time.
base::Fd open_for_reading(int directory, const std::string& name);

/// fstatat without following a symlink; nothing for ENOENT and ENOTDIR. "" is the directory itself.
std::optional<struct stat> stat_at(int directory, const std::string& name);

/// One file during a walk; valid only inside the callback.
class TreeEntry {
 public:
  TreeEntry(int directory, const std::string& path, const std::string& name, const struct stat& status,
            const std::string* first_link)
      : directory_(directory), path_(path), name_(name), stat_(status), first_link_(first_link) {}

  /// Relative to the root, without a leading "/"; "" for the root itself.
  const std::string& path() const { return path_; }
  const std::string& name() const { return name_; }  ///< last element; "" for the root
  const struct stat& stat() const { return stat_; }
  bool is_directory() const { return S_ISDIR(stat_.st_mode); }
  bool is_file() const { return S_ISREG(stat_.st_mode); }
  bool is_symlink() const { return S_ISLNK(stat_.st_mode); }
  /// The directory it lies in (for the root: the root).
  int directory() const { return directory_; }

  std::string link_target() const;
  Xattrs xattrs() const { return read_xattrs(directory_, name_); }
  base::Fd open() const { return open_for_reading(directory_, name_); }
  /// For the second and later names of a hard-linked file: the path met first. Else nullptr.
  const std::string* first_link() const { return first_link_; }

 private:
  int directory_;
  const std::string& path_;
  const std::string& name_;
  const struct stat& stat_;
  const std::string* first_link_;
};

enum class Visit : std::uint8_t { go_on, skip_children, stop };
enum class VisitRoot : std::uint8_t { no, yes };

struct WalkOptions {
  VisitRoot root = VisitRoot::no;  ///< yes: the callback gets "" first
  std::stop_token stop;
};

/// Walks below the directory `root`. Throws Cancelled when stopped.
void walk_tree(int root, const WalkOptions& options, const std::function<Visit(const TreeEntry&)>& visit);

}  // namespace layer
