// SPDX-License-Identifier: Apache-2.0
#include "ops/buildkit_content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/task.h"
#include "llb/buildkit_key.h"
#include "ops/copy_view.h"
#include "ops/glob.h"

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

  /// A directory without what is in it.
  base::Digest own(const std::string& path, const struct stat& info) const {
    return base::sha256(header(info, "", attributes_of(view_.open_directory(path).get())));
  }

  /// `info` of the directory itself; its own header is of nothing where it is the root of a context.
  base::Digest tree(const std::string& path, const struct stat& info) {
    const base::Fd directory = view_.open_directory(path);
    base::Sha256 hash;
    hash.update(std::string_view("\0", 1));
    hash.update((path == "/" ? base::sha256("") : own(path, info)).str());
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

/// The names that patterns or wildcards choose, each with its digest: BuildKit's cacheContext.includedPaths.
class Chosen {
 public:
  Chosen(const CopyView& view, const Selection& selection, const std::stop_token& stop)
      : view_(view), selection_(selection), walk_(view, stop), pattern_(base::clean_path("/" + selection.path)) {
    if (!selection.includes.empty()) includes_.emplace(selection.includes);
    if (!selection.excludes.empty()) excludes_.emplace(selection.excludes);
    wildcard_ = selection.wildcard && has_wildcards(pattern_);
    if (pattern_ == "/") pattern_.clear();
  }

  /// By the rule of BuildKit 0.26 and by the one before it, where they differ. The older one has no paths: trees that
  /// are not the same look alike to it, so it is left out where there is a tree.
  std::vector<base::Digest> digests() {
    const auto split = split_wildcards(pattern_);
    prefix_ = !wildcard_ ? pattern_ : split.literal == "/" ? "" : split.literal;
    const std::string real =
        view_.resolve(prefix_, wildcard_ && !split.pattern.empty() ? base::LastLink::follow : base::LastLink::keep);
    if (const auto info = view_.find(real)) visit(real, prefix_, *info);
    if (chosen_.empty()) return {base::sha256("")};
    const bool itself = chosen_.size() == 1 && base::base_name(pattern_) == base::base_name(chosen_.front().path);
    if (itself) return {chosen_.front().digest};
    if (nested_) return {with_paths()};
    return {with_paths(), with_names()};
  }

 private:
  struct Choice {
    std::string path;
    base::Digest digest;
  };
  /// A directory on the way, with what the patterns made of it.
  struct Parent {
    Choice itself;
    base::MatchInfo included, excluded;
    bool chosen = false;
  };

  base::Digest with_paths() const {
    base::Sha256 list;
    for (const auto& choice : chosen_) {
      std::string key = choice.path.substr(choice.path.starts_with(prefix_) ? prefix_.size() : 0);
      std::replace(key.begin(), key.end(), '/', '\0');
      list.update(key.empty() ? std::string(1, '\0') : key);
      list.update(choice.digest.str());
    }
    return list.finish();
  }
  base::Digest with_names() const {
    std::vector<std::string> each;
    for (const auto& choice : chosen_) each.push_back(base::base_name(choice.path) + choice.digest.str());
    return base::sha256(base::join(each, std::string_view("\0", 1)));
  }

  /// `real`: the path without links; `shown`: the one that the patterns see.
  void visit(const std::string& real, const std::string& shown, const struct stat& info) {
    while (!parents_.empty() && !shown.starts_with(parents_.back().itself.path + "/")) parents_.pop_back();
    if (S_ISDIR(info.st_mode)) return visit_directory(real, shown, info);
    Parent place;
    if (!wanted(shown, place)) return;
    nested_ = nested_ || !parents_.empty();
    const bool follows = parents_.empty() && selection_.follow_links && S_ISLNK(info.st_mode);
    choose_parents();
    chosen_.push_back({shown, follows ? followed(real) : record(real, info)});
  }

  void visit_directory(const std::string& real, const std::string& shown, const struct stat& info) {
    // The root of what is selected as a whole has no attributes that count.
    const bool counts = !(pattern_.empty() && shown.empty());
    const bool inside = !wildcard_ || is_below_match(shown) || matches(shown);
    if (counts && inside) {
      Parent place;
      nested_ = true;
      place.itself = {shown, walk_.own(real, info)};
      if (wanted(shown, place)) {
        choose_parents();
        chosen_.push_back(place.itself);
        place.chosen = true;
      }
      parents_.push_back(std::move(place));
    }
    if (!inside && depth(shown) >= depth(pattern_)) return;
    const base::Fd directory = view_.open_directory(real);
    auto entries = view_.list(directory.get(), view_.place(real));
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& entry : entries)
      visit((real == "/" ? "" : real) + "/" + entry.name, shown + "/" + entry.name, entry.info);
  }

  static std::ptrdiff_t depth(const std::string& path) { return std::count(path.begin(), path.end(), '/'); }
  bool is_below_match(const std::string& shown) const { return !match_.empty() && shown.starts_with(match_ + "/"); }
  bool matches(const std::string& shown) {
    if (!glob_match(pattern_, shown).value_or(false)) return false;
    match_ = shown;
    return true;
  }

  /// Whether the patterns take it; they see the path below what was selected.
  bool wanted(const std::string& shown, Parent& place) {
    if (wildcard_ && !is_below_match(shown) && !matches(shown)) return false;
    const std::string& top = wildcard_ ? match_ : pattern_;
    const std::string candidate = shown.size() > top.size() ? shown.substr(top.size() + 1) : "";
    const Parent* parent = parents_.empty() ? nullptr : &parents_.back();
    const base::MatchInfo none;
    if (includes_ && !includes_->matches(candidate, parent ? parent->included : none, &place.included)) return false;
    return !excludes_ || !excludes_->matches(candidate, parent ? parent->excluded : none, &place.excluded);
  }

  void choose_parents() {
    for (Parent& parent : parents_) {
      if (!std::exchange(parent.chosen, true)) chosen_.push_back(parent.itself);
    }
  }

  base::Digest record(const std::string& real, const struct stat& info) {
    const base::Fd directory = view_.open_directory(base::dir_name(real));
    return walk_.entry(directory.get(), {base::base_name(real), info}, real);
  }
  base::Digest followed(const std::string& real) {
    const std::string target = view_.resolve(real, base::LastLink::follow);
    const auto info = view_.find(target);
    if (!info) fail_source_missing(real);
    return record(target, *info);
  }

  const CopyView& view_;
  const Selection& selection_;
  Walk walk_;
  std::string pattern_;  ///< what is selected: an absolute path, "" for the root
  bool wildcard_ = false;
  std::string prefix_;  ///< its part before any wildcard
  std::string match_;   ///< the last name that the wildcards matched
  std::optional<base::PatternMatcher> includes_, excludes_;
  std::vector<Parent> parents_;
  std::vector<Choice> chosen_;
  bool nested_ = false;  ///< there is a directory among them
};

bool is_filtered(const Selection& selection) {
  return !selection.includes.empty() || !selection.excludes.empty() ||
         (selection.wildcard && has_wildcards(selection.path));
}

/// Nothing where the two might disagree.
std::vector<base::Digest> checksums(const CopyView& view, const Selection& selection, const std::stop_token& stop) {
  // A backslash is a name's own character or takes a wildcard's meaning; rare, and left out.
  if (selection.path.find('\\') != selection.path.npos) return {};
  if (is_filtered(selection)) return Chosen(view, selection, stop).digests();
  const auto last = selection.follow_links ? base::LastLink::follow : base::LastLink::keep;
  const std::string path = view.resolve(selection.path, last);
  if (path == "/" && !view.live()) return {};
  const auto info = view.find(path);
  if (!info) return {};
  Walk walk(view, stop);
  if (path == "/") return {walk.tree(path, *info)};
  const base::Fd parent = view.open_directory(base::dir_name(path));
  return {walk.entry(parent.get(), {base::base_name(path), *info}, path)};
}

/// Without those that another one holds, in order of their paths.
std::vector<Selection> deduplicated(const std::vector<Selection>& selections) {
  std::vector<Selection> kept;
  for (const auto& selection : selections) {
    const bool held =
        !is_filtered(selection) && std::any_of(selections.begin(), selections.end(), [&](const auto& other) {
          return !is_filtered(other) && other.follow_links == selection.follow_links && other.path != selection.path &&
                 selection.path.starts_with(other.path.ends_with('/') ? other.path : other.path + "/");
        });
    const bool again = !is_filtered(selection) && std::find(kept.begin(), kept.end(), selection) != kept.end();
    if (!held && !again) kept.push_back(selection);
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return kept;
}

}  // namespace

std::vector<base::Digest> buildkit_content(const CopySource& tree, const std::vector<Selection>& selections,
                                           const std::stop_token& stop) {
  const CopyView view(tree);
  std::vector<std::string> newer;
  std::vector<std::string> older;
  for (const auto& selection : deduplicated(selections)) {
    const auto names = checksums(view, selection, stop);
    if (names.empty()) return {};
    newer.push_back(names.front().str());
    older.push_back(names.back().str());
  }
  if (newer.empty()) return {};
  const auto record = [](const std::vector<std::string>& each) {
    return llb::buildkit_record(base::sha256(base::join(each, std::string_view("\0", 1))), llb::kContentOutput);
  };
  if (newer == older) return {record(newer)};
  return {record(newer), record(older)};
}

}  // namespace ops
