// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a CopySource shows: the tree at its root without what its patterns take away, and, for a live
// directory of the user's, with every owner as 0:0. Copying and content digests both walk this, so
// they cannot disagree about what is there.
//
//     CopyView view(source);
//     auto st = view.find("/src");                     // lstat, or nothing
//     auto at = view.place("/src");                    // patterns seen on the way
//     for (auto& entry : view.list(dir.get(), at)) …   // sorted by name; entries a pattern took are left out
//
// A directory that its patterns take away is still there when something below it is not taken.
// Threads: const calls from any thread.
#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/path.h"
#include "base/pattern_matcher.h"
#include "ops/copy.h"

namespace ops {

/// Include and exclude patterns together, walked down directory by directory.
class PathFilter {
 public:
  /// What the patterns made of a directory, for its children.
  struct Place {
    std::string path;  ///< relative, "" for the top
    base::MatchInfo included;
    base::MatchInfo excluded;
  };
  struct Verdict {
    bool included = true;
    bool below = true;  ///< something below may be included even when this is not
    Place place;
  };

  /// Throws invalid_argument for a malformed pattern.
  PathFilter(const std::vector<std::string>& includes, const std::vector<std::string>& excludes);

  bool passes_all() const { return !includes_ && !excludes_; }
  Verdict look(const Place& parent, std::string_view name) const;

 private:
  bool may_include_below(const std::string& directory) const;
  bool may_return_below(const std::string& directory) const;

  std::optional<base::PatternMatcher> includes_;
  std::optional<base::PatternMatcher> excludes_;
};

/// One name in a directory.
struct ViewEntry {
  std::string name;
  struct stat info = {};
};

class CopyView {
 public:
  using Place = PathFilter::Place;

  explicit CopyView(const CopySource& source);

  bool live() const { return live_; }
  /// A link-free absolute path; see base::resolve_in_root.
  std::string resolve(std::string_view path, base::LastLink last) const;
  /// lstat of a link-free absolute path, if it is there.
  std::optional<struct stat> find(const std::string& path) const;
  /// The directory at a link-free absolute path; no descriptor for an empty tree.
  base::Fd open_directory(const std::string& path) const;
  Place place(const std::string& path) const;
  Place child(const Place& parent, std::string_view name) const { return filter_.look(parent, name).place; }
  std::vector<ViewEntry> list(int directory, const Place& place) const;

 private:
  struct stat shown(struct stat info) const;
  bool holds_something(int directory, const Place& place) const;

  int root_;
  bool live_;
  PathFilter filter_;
};

/// A source path that a copy names, once links and wildcards are resolved.
struct PickedPath {
  std::string name;  ///< as named, its last element decides the name at the destination
  std::string path;  ///< link-free, absolute
};

enum class Wildcards : std::uint8_t { literal, expand };

/// What `src` names: itself, or every match in order of names (their children not looked at). A
/// literal path is picked whether it exists or not; a wildcard below a missing directory is not_found.
std::vector<PickedPath> pick_paths(const CopyView& view, std::string_view src, Wildcards wildcards,
                                   base::LastLink last);

/// `"/x": not found`, as the failure of a missing source reads everywhere.
[[noreturn]] void fail_source_missing(std::string_view path);

}  // namespace ops
