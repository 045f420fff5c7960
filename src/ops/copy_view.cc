// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_view.h"

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strings.h"
#include "ops/glob.h"

namespace ops {
namespace {

std::optional<base::PatternMatcher> matcher(const std::vector<std::string>& patterns, const char* what) {
  if (patterns.empty()) return std::nullopt;
  return base::with_context([&] { return base::PatternMatcher(patterns); }, "{} patterns", what);
}

/// Whether a pattern could match something below `directory`: exact for patterns without wildcards.
bool could_match_below(std::string_view pattern, std::string_view directory) {
  const auto special = pattern.find_first_of("*?[\\");
  const auto literal = pattern.substr(0, special);
  const auto common = std::min(literal.size(), directory.size());
  if (literal.substr(0, common) != directory.substr(0, common)) return false;
  if (literal.size() <= directory.size()) return special != pattern.npos;
  return literal[directory.size()] == '/';
}

std::string joined(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

/// How deep below its literal part a pattern can match. A class may match "/", so it counts as more.
std::size_t depth_of(std::string_view pattern) {
  return 1 + static_cast<std::size_t>(
                 std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '/' || c == '['; }));
}

/// Walks below one directory and collects what matches.
class GlobWalk {
 public:
  GlobWalk(const CopyView& view, std::string base, std::string pattern)
      : view_(view), base_(std::move(base)), pattern_(std::move(pattern)), depth_(depth_of(pattern_)) {}

  std::vector<std::string> run() {
    const auto start = view_.find(base_);
    if (!start) fail_source_missing(base_);
    if (S_ISDIR(start->st_mode)) {
      const base::Fd directory = view_.open_directory(base_);
      walk(directory.get(), view_.place(base_), "", 1);
    }
    return std::move(matches_);
  }

 private:
  void walk(int directory, const CopyView::Place& place, const std::string& below, std::size_t depth) {
    for (const ViewEntry& entry : view_.list(directory, place)) {
      const std::string relative = joined(below, entry.name);
      if (glob_match(pattern_, relative).value_or(false)) {
        matches_.push_back(base::join_path(base_, relative));
      } else if (S_ISDIR(entry.info.st_mode) && depth < depth_) {
        const base::Fd inner(
            SLIP_SYSCALL(::openat(directory, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                         "open {}", relative));
        walk(inner.get(), view_.child(place, entry.name), relative, depth + 1);
      }
    }
  }

  const CopyView& view_;
  std::string base_;
  std::string pattern_;
  std::size_t depth_;
  std::vector<std::string> matches_;
};

}  // namespace

PathFilter::PathFilter(const std::vector<std::string>& includes, const std::vector<std::string>& excludes)
    : includes_(matcher(includes, "include")), excludes_(matcher(excludes, "exclude")) {}

PathFilter::Verdict PathFilter::look(const Place& parent, std::string_view name) const {
  Verdict verdict;
  if (passes_all()) return verdict;
  verdict.place.path = joined(parent.path, name);
  const std::string& path = verdict.place.path;
  if (includes_) {
    verdict.included = includes_->matches(path, parent.included, &verdict.place.included);
    verdict.below = verdict.included || may_include_below(path);
  }
  if (excludes_ && excludes_->matches(path, parent.excluded, &verdict.place.excluded)) {
    verdict.included = false;
    verdict.below = verdict.below && may_return_below(path);
  }
  return verdict;
}

bool PathFilter::may_include_below(const std::string& directory) const {
  const auto& patterns = includes_->patterns();
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
    return !pattern.exclusion() && could_match_below(pattern.text(), directory);
  });
}

bool PathFilter::may_return_below(const std::string& directory) const {
  if (!excludes_->has_exclusions()) return false;
  const auto& patterns = excludes_->patterns();
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
    return pattern.exclusion() && could_match_below(pattern.text(), directory);
  });
}

CopyView::CopyView(const CopySource& source)
    : root_(source.root), live_(source.kind == CopySource::Kind::live), filter_(source.includes, source.excludes) {}

std::string CopyView::resolve(std::string_view path, base::LastLink last) const {
  if (root_ < 0) return base::join_path("/", path);
  return base::resolve_in_root(root_, path, last);
}

struct stat CopyView::shown(struct stat info) const {
  if (live_) info.st_uid = info.st_gid = 0;
  return info;
}

std::optional<struct stat> CopyView::find(const std::string& path) const {
  struct stat info = {};
  if (root_ < 0) {
    info.st_mode = S_IFDIR | 0755;
    ::clock_gettime(CLOCK_REALTIME, &info.st_mtim);
    info.st_atim = info.st_mtim;
    return path == "/" ? std::optional(info) : std::nullopt;
  }
  if (path == "/") {
    SLIP_SYSCALL(::fstat(root_, &info), "stat {}", path);
    return shown(info);
  }
  const std::string name = base::base_name(path);
  const auto parent = base::open_in_root_if_exists(root_, base::dir_name(path), O_PATH | O_DIRECTORY);
  if (!parent) return std::nullopt;
  if (::fstatat(parent->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    base::fail_errno(errno, base::format("stat {}", path));
  }
  const auto verdict = filter_.look(place(base::dir_name(path)), name);
  if (!verdict.included) {
    if (!S_ISDIR(info.st_mode) || !verdict.below) return std::nullopt;
    const base::Fd directory = open_directory(path);
    if (!holds_something(directory.get(), verdict.place)) return std::nullopt;
  }
  return shown(info);
}

base::Fd CopyView::open_directory(const std::string& path) const {
  if (root_ < 0) return base::Fd();
  return base::open_in_root(root_, path, O_RDONLY | O_DIRECTORY, base::LastLink::keep);
}

CopyView::Place CopyView::place(const std::string& path) const {
  Place place;
  if (filter_.passes_all()) return place;
  for (const auto& element : base::split(path, '/')) {
    if (!element.empty()) place = filter_.look(place, element).place;
  }
  return place;
}

std::vector<ViewEntry> CopyView::list(int directory, const Place& place) const {
  std::vector<ViewEntry> entries;
  if (root_ < 0) return entries;
  for (auto& name : base::list_directory(directory)) {
    PathFilter::Verdict verdict;
    if (!filter_.passes_all()) {
      verdict = filter_.look(place, name);
      if (!verdict.included && !verdict.below) continue;
    }
    struct stat info;
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT && live_) continue;  // removed since it was listed
      base::fail_errno(errno, base::format("stat {}", name));
    }
    if (!verdict.included) {
      if (!S_ISDIR(info.st_mode)) continue;
      const base::Fd inner(SLIP_SYSCALL(
          ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open {}", name));
      if (!holds_something(inner.get(), verdict.place)) continue;
    }
    entries.push_back({std::move(name), shown(info)});
  }
  return entries;
}

bool CopyView::holds_something(int directory, const Place& place) const {
  for (const auto& name : base::list_directory(directory)) {
    const auto verdict = filter_.look(place, name);
    if (verdict.included) return true;
    if (!verdict.below) continue;
    const base::Fd inner(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (inner && holds_something(inner.get(), verdict.place)) return true;
  }
  return false;
}

std::vector<PickedPath> pick_paths(const CopyView& view, std::string_view src, Wildcards wildcards,
                                   base::LastLink last) {
  std::vector<PickedPath> picked;
  const SplitGlob split = split_wildcards(base::join_path("/", src));
  if (wildcards == Wildcards::literal || split.pattern.empty()) {
    const std::string name = base::join_path("/", src);
    picked.push_back({name, view.resolve(name, last)});
    return picked;
  }
  for (auto& match : GlobWalk(view, view.resolve(split.literal, last), split.pattern).run()) {
    std::string path = view.resolve(match, last);
    picked.push_back({std::move(match), std::move(path)});
  }
  return picked;
}

void fail_source_missing(std::string_view path) {
  base::fail(base::Code::not_found, "{}: not found", base::json_quote(path));
}

}  // namespace ops
