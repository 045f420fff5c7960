// SPDX-License-Identifier: Apache-2.0
#include "ops/copy.h"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "layer/archive.h"
#include "ops/copy_parents.h"
#include "ops/copy_view.h"
#include "ops/copy_walk.h"

namespace ops {
namespace {

/// Clean and absolute, but a "/" or "/." at the end stays: it says that a directory is meant.
std::string clean_keeping_slash(const std::string& path) {
  std::string clean = base::join_path("/", path);
  if (clean == "/") return clean;
  if (path.ends_with("/.")) return clean + "/.";
  if (path.ends_with('/')) return clean + "/";
  return clean;
}

std::string_view last_element(const std::string& path) { return std::string_view(path).substr(path.rfind('/') + 1); }

TreeCopyOptions copy_options(const CopyRequest& request) {
  TreeCopyOptions options;
  options.rules.owner = request.owner;
  if (!request.mode_str.empty()) {
    options.rules.change = ModeChange::parse(request.mode_str);
  } else if (request.mode != -1) {
    options.rules.mode = static_cast<mode_t>(request.mode) & 07777;
  }
  options.rules.time = time_of(request.timestamp);
  if (request.always_replace_existing_dest_paths) options.in_the_way = InTheWay::replace;
  return options;
}

ParentRules parent_rules(const CopyRequest& request) {
  ParentRules rules;
  // A symbolic mode leaves the directories that are made on the way alone.
  if (request.mode_str.empty() && request.mode != -1) rules.mode = static_cast<mode_t>(request.mode) & 0777;
  rules.owner = request.owner;
  rules.time = time_of(request.timestamp);
  return rules;
}

/// One call of copy_files().
class Copy {
 public:
  Copy(const CopySource& source, const CopyTarget& target, const CopyRequest& request, const std::stop_token& stop)
      : view_(source),
        root_(target.root),
        request_(request),
        stop_(stop),
        dest_(clean_keeping_slash(request.dest)),
        filter_(request.include_patterns, request.exclude_patterns),
        parents_(parent_rules(request)),
        copier_(view_, target, filter_, copy_options(request), stop) {}

  void run() {
    if (!request_.create_dest_path) require_parent();
    const auto last = request_.follow_symlink ? base::LastLink::follow : base::LastLink::keep;
    const auto wildcards = request_.allow_wildcard ? Wildcards::expand : Wildcards::literal;
    const auto picked = pick_paths(view_, request_.src, wildcards, last);
    if (picked.empty() && !request_.allow_empty_wildcard) fail_source_missing(clean_keeping_slash(request_.src));
    for (const PickedPath& path : picked) {
      base::throw_if_stopped(stop_);
      check_required(path);
      if (!request_.attempt_unpack || !unpack(path)) copy_one(path);
    }
  }

 private:
  void require_parent() const {
    const std::string path = base::resolve_in_root(root_, request_.dest);
    if (!base::open_in_root_if_exists(root_, base::dir_name(path), O_PATH)) {
      base::fail(base::Code::not_found, "failed to stat {}: no such directory in the destination", request_.dest);
    }
  }

  /// With --parents, a source named without wildcards must be there and not excluded.
  void check_required(const PickedPath& picked) const {
    for (const std::string& required : request_.required_paths) {
      const std::string path = base::join_path("/", required);
      const std::string top = picked.name == "/" ? "" : picked.name;
      if (!path.starts_with(top + "/")) continue;
      PathFilter::Verdict verdict;
      for (const auto& element : base::split(path.substr(top.size() + 1), '/')) {
        if (!element.empty()) verdict = filter_.look(verdict.place, element);
      }
      const bool there = view_.find(view_.resolve(path, base::LastLink::keep)).has_value();
      if (!there || (!verdict.included && !verdict.below)) fail_source_missing(required);
    }
  }

  bool unpack(const PickedPath& picked) {
    const std::string path = view_.resolve(picked.path, base::LastLink::follow);
    const auto info = view_.find(path);
    if (!info || !S_ISREG(info->st_mode)) return false;
    const base::Fd directory = view_.open_directory(base::dir_name(path));
    const base::Fd file(SLIP_SYSCALL(
        ::openat(directory.get(), base::base_name(path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
        "open {}", path));
    if (!layer::looks_like_archive(file.get())) return false;
    ParentRules rules = parents_;
    rules.mode = 0755;  // --chmod is for copies, an archive has its own modes
    const base::Fd into = make_parents(root_, base::resolve_in_root(root_, dest_), rules);
    layer::UnpackOptions options;
    if (request_.owner) options.owner = layer::UnpackOwner{request_.owner->uid, request_.owner->gid};
    if (user_namespace() == UserNamespace::single) options.owners = layer::Owners::squash;
    if (user_namespace() != UserNamespace::none) options.devices = layer::Devices::skip;
    base::with_context([&] { layer::unpack_archive(file.get(), into.get(), options, stop_); }, "unpack {}",
                       picked.name);
    return true;
  }

  void copy_one(const PickedPath& picked) {
    std::vector<std::string> made;
    // "/d/x" asks for /d; "/d/" and "/d/." ask for /d itself.
    const auto name = last_element(dest_);
    const std::string ahead = name.empty() || name == "." ? dest_ : base::dir_name(dest_);
    make_parents(root_, base::resolve_in_root(root_, ahead), parents_, &made);
    const std::string target = target_of(picked, made);
    const bool made_here = !made.empty() && made.back() == target;
    copier_.copy(picked.path, target, made_here ? TreeCopier::Dest::made_for_this : TreeCopier::Dest::as_found);
    restore_parent_times(root_, made, parents_);
  }

  /// Where exactly the source goes, once the directories above are there.
  std::string target_of(const PickedPath& picked, std::vector<std::string>& made) const {
    const auto source = view_.find(picked.path);
    if (!source) fail_source_missing(picked.name);
    std::string dest = base::resolve_in_root(root_, dest_);
    const auto there = base::open_in_root_if_exists(root_, dest, O_PATH, base::LastLink::keep);
    struct stat info = {};
    if (there) SLIP_SYSCALL(::fstat(there->get(), &info), "stat {}", dest);
    const bool directory = S_ISDIR(source->st_mode);
    const bool contents = directory && request_.dir_copy_contents;
    if (there && !contents && (directory || S_ISDIR(info.st_mode))) {
      const std::string name = base::base_name(picked.name);
      if (name != "/") dest = base::join_path(dest, name);
    }
    make_parents(root_, contents && !there ? dest : base::dir_name(dest), parents_, &made);
    return dest;
  }

  CopyView view_;
  int root_;
  const CopyRequest& request_;
  std::stop_token stop_;
  std::string dest_;
  PathFilter filter_;
  ParentRules parents_;
  TreeCopier copier_;
};

}  // namespace

void copy_files(const CopySource& source, const CopyTarget& target, const CopyRequest& request,
                const std::stop_token& stop) {
  Copy(source, target, request, stop).run();
}

void copy_tree(int from_root, int to_root, const std::stop_token& stop) {
  CopySource source;
  source.root = from_root;
  const CopyView view(source);
  const PathFilter everything({}, {});
  TreeCopyOptions options;
  options.top = TopDirectory::like_source;
  TreeCopier(view, to_root, everything, options, stop).copy("/", "/");
}

CopySource local_copy_source(int root, const LocalView& view) {
  const auto kind = view.owners == LocalOwners::keep ? CopySource::Kind::frozen : CopySource::Kind::live;
  return {root, view.excludes, view.includes, kind};
}

}  // namespace ops
