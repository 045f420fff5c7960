// SPDX-License-Identifier: Apache-2.0
#include "ops/git_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "layer/tree.h"
#include "llb/attr.h"
#include "ops/git_program.h"

namespace ops {
namespace {

using Arguments = std::vector<std::string>;

struct RemoteRef {
  std::string checksum;
  std::string name;
};

std::vector<RemoteRef> list_remote(const GitSource& source, const std::stop_token& stop) {
  Arguments arguments = {"ls-remote", "--", source.url};
  if (source.ref.empty()) {
    arguments.push_back("HEAD");
  } else {
    arguments.push_back(source.ref);
    arguments.push_back(source.ref + "^{}");
  }
  std::vector<RemoteRef> refs;
  for (const auto& line : base::split(git(std::move(arguments), stop), '\n')) {
    if (const auto parts = base::cut(line, "\t")) {
      refs.push_back({std::string(parts->first), std::string(parts->second)});
    }
  }
  return refs;
}

const RemoteRef* find_ref(const std::vector<RemoteRef>& refs, const std::string& name) {
  const auto found = std::find_if(refs.begin(), refs.end(), [&](const auto& ref) { return ref.name == name; });
  return found == refs.end() ? nullptr : &*found;
}

void check_pin(const GitSource& source, const GitRevision& revision) {
  if (source.checksum.empty()) return;
  if (revision.checksum.starts_with(source.checksum) || revision.commit.starts_with(source.checksum)) return;
  base::fail(base::Code::failed_precondition, "expected checksum to match {}, got {}", source.checksum,
             revision.checksum);
}

/// What the remote says, which for the commit of a tag is a claim.
GitRevision ask_remote(const GitSource& source, const std::stop_token& stop) {
  if (source.url.starts_with('-')) base::fail(base::Code::invalid_argument, "invalid git address {}", source.url);
  GitRevision revision;
  if (is_commit_id(source.ref)) {
    revision.checksum = revision.commit = source.ref;
    check_pin(source, revision);
    return revision;
  }
  const auto refs = list_remote(source, stop);
  const std::string name = source.ref.empty() ? "HEAD" : source.ref;
  const RemoteRef* found = nullptr;
  for (const auto& candidate : {name, "refs/heads/" + name, "refs/tags/" + name}) {
    if (!found) found = find_ref(refs, candidate);
  }
  if (!found) base::fail(base::Code::not_found, "repository {} does not contain ref {}", source.url, name);
  revision.ref = found->name;
  revision.checksum = found->checksum;
  const RemoteRef* peeled = find_ref(refs, found->name + "^{}");
  revision.commit = peeled ? peeled->checksum : found->checksum;
  check_pin(source, revision);
  return revision;
}

/// The bare repository of an address, locked, with the commit in it.
class BareRepository {
 public:
  BareRepository(const GitSource& source, const GitRevision& revision, const std::string& cache,
                 const std::stop_token& stop)
      : path_(base::format("{}/{}", cache, base::sha256(source.url).hex().substr(0, 32))),
        lock_((base::make_directories(cache), base::FileLock::wait(path_ + ".lock"))) {
    if (!base::exists(path_ + "/HEAD")) {
      git({"-c", "init.defaultBranch=master", "init", "--bare", "--quiet", path_}, stop);
      git({"--git-dir=" + path_, "remote", "add", "origin", source.url}, stop);
    }
    // The commit may be there without the annotated tag that names it now.
    if (!has(revision.commit, stop) || !has(revision.checksum, stop)) fetch(revision, stop);
    check_peel(source, revision, stop);
    // The commit may have come with another ref; clones ask for it by this name.
    git({"--git-dir=" + path_, "update-ref", "refs/slipway/" + revision.checksum, revision.checksum}, stop, "");
  }

  const std::string& path() const { return path_; }

 private:
  bool has(const std::string& commit, const std::stop_token& stop) const {
    return run_git({"--git-dir=" + path_, "cat-file", "-e", commit + "^{commit}"}, stop, "").status.ok();
  }

  /// Which commit a tag names, the server only claims; the tag itself says it. Signatures and pins of tags rest on
  /// this.
  void check_peel(const GitSource& source, const GitRevision& revision, const std::stop_token& stop) const {
    const base::Output peeled = run_git({"--no-replace-objects", "--git-dir=" + path_, "rev-parse", "--verify",
                                         "--quiet", revision.checksum + "^{commit}"},
                                        stop, "");
    if (peeled.status.ok() && base::trim(peeled.out) == revision.commit) return;
    base::fail(base::Code::failed_precondition,
               "{} does not tell the truth: its {} is said to name commit {}, but names {}", source.url,
               revision.ref.empty() ? revision.checksum : revision.ref, revision.commit,
               peeled.status.ok() ? base::trim(peeled.out) : "none");
  }

  void fetch(const GitRevision& revision, const std::stop_token& stop) const {
    const std::string what = revision.ref.empty() ? revision.commit : revision.ref;
    git({"--git-dir=" + path_, "fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--", "origin",
         base::format("{}:refs/slipway/{}", what, revision.checksum)},
        stop);
    if (!has(revision.commit, stop)) {
      base::fail(base::Code::aborted, "{} moved while it was fetched; run the build again", what);
    }
  }

  std::string path_;
  base::FileLock lock_;
};

/// Holds the revision to the signature that the source needs.
void check_signature(const GitSource& source, const GitRevision& revision, const std::string& cache,
                     const std::stop_token& stop) {
  GitRevision named = revision;
  if (!source.locked_ref.empty() && !source.signature->ignore_signed_tag) {
    // The lock has the commit alone; whether a tag that names it is signed, only the remote can say.
    GitSource asked = source;
    asked.ref = source.locked_ref;
    const GitRevision now = ask_remote(asked, stop);
    if (now.commit == revision.commit) named = now;
  }
  const BareRepository bare(source, named, cache, stop);
  GitSignatures(*source.signature, bare.path(), cache, stop).check(named);
}

/// With a .git directory of its own, as if cloned, pointing at the real remote.
void clone_into(const GitSource& source, const GitRevision& revision, const BareRepository& bare,
                const std::string& into, const std::stop_token& stop) {
  const Arguments here = {"--git-dir=" + into + "/.git", "--work-tree=" + into};
  const auto run = [&](const Arguments& rest) {
    Arguments all = here;
    all.insert(all.end(), rest.begin(), rest.end());
    git(std::move(all), stop, "file");
  };
  git({"-c", "init.defaultBranch=master", "init", "--quiet", into}, stop);
  run({"remote", "add", "origin", "file://" + bare.path()});
  const std::string local = revision.ref.empty() ? "refs/slipway/head" : revision.ref;
  run({"fetch", "--quiet", "-u", "--depth=1", "--", "origin",
       base::format("refs/slipway/{}:{}", revision.checksum, local)});
  run({"checkout", "--quiet", "FETCH_HEAD"});
  run({"remote", "set-url", "origin", source.url});
  run({"reflog", "expire", "--all", "--expire=now"});
  base::remove_tree(into + "/.git/FETCH_HEAD");
}

void update_submodules(const std::string& git_dir, const std::string& tree, const std::stop_token& stop) {
  if (!base::exists(tree + "/.gitmodules")) return;
  git({"--git-dir=" + git_dir, "--work-tree=" + tree, "submodule", "update", "--init", "--recursive", "--depth=1"},
      stop, kGitRemotes, tree);
}

/// Submodules of what was checked out before, of another branch maybe, must have no say in where these come from.
void forget_submodules(const std::string& git_dir, const std::stop_token& stop) {
  base::remove_tree(git_dir + "/modules");
  const std::string config = git_dir + "/config";
  const base::Output known =
      run_git({"config", "--file", config, "--null", "--name-only", "--get-regexp", "^submodule\\."}, stop, "");
  std::set<std::string> sections;
  for (const auto& key : base::split(known.out, '\0')) {
    if (!key.empty()) sections.insert(key.substr(0, key.rfind('.')));
  }
  for (const auto& section : sections) git({"config", "--file", config, "--remove-section", section}, stop, "");
}

/// Moves the children of `from` into `into`.
void move_children(const std::string& from, const std::string& into) {
  for (const auto& name : base::list_directory(from)) {
    const std::string old_path = from + "/" + name;
    const std::string new_path = into + "/" + name;
    SLIP_SYSCALL(::rename(old_path.c_str(), new_path.c_str()), "move {}", old_path);
  }
}

void take_subdirectory(const GitSource& source, const std::string& tree, const std::string& into) {
  const base::Fd root = base::open_directory(tree);
  const std::string inside = base::resolve_in_root(root.get(), source.subdir);
  if (!base::open_in_root_if_exists(root.get(), inside, O_RDONLY | O_DIRECTORY)) {
    base::fail(base::Code::not_found, "subdirectory {} does not exist in {}", source.subdir, source.url);
  }
  move_children(tree + inside, into);
}

}  // namespace

GitSource GitSource::of(const llb::SourceOp& source) {
  GitSource git;
  std::string_view text = source.identifier;
  text.remove_prefix(std::string_view("git://").size());
  std::string_view fragment;
  if (const auto parts = base::cut(text, "#")) {
    text = parts->first;
    fragment = parts->second;
  }
  if (const auto parts = base::cut(fragment, ":")) {
    git.subdir = std::string(parts->second);
    fragment = parts->first;
  }
  git.ref = std::string(fragment);
  git.url = source.attr("git.fullurl");
  if (git.url.empty()) git.url = base::format("https://{}", text);
  git.checksum = source.attr("git.checksum");
  git.keep_git_dir = source.attr("git.keepgitdir") == "true";
  git.skip_submodules = source.attr("git.skipsubmodules") == "true";
  git.judged_commit = source.attr(llb::attr::kJudgedCommit);
  git.signature = GitSignatureRule::of(source);
  return git;
}

bool is_commit_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string lock_name(const GitSource& source) { return source.url + (source.ref.empty() ? "" : "#" + source.ref); }

GitSource locked(GitSource source, const SourceLock& lock) {
  if (is_commit_id(source.ref)) return source;
  if (const auto commit = lock.git(lock_name(source))) source.locked_ref = std::exchange(source.ref, *commit);
  return source;
}

GitRevision resolve_git(const GitSource& source, const std::string& cache, const std::stop_token& stop) {
  const GitRevision revision = ask_remote(source, stop);
  if (!source.judged_commit.empty() && source.judged_commit != revision.commit) {
    base::fail(base::Code::aborted, "{} moved from {} to {} after a policy had looked at it; run the build again",
               lock_name(source), source.judged_commit, revision.commit);
  }
  if (source.signature) {
    check_signature(source, revision, cache, stop);
  } else if (!source.checksum.empty() && !revision.commit.starts_with(source.checksum)) {
    // The pin is the tag's: the tag has to be seen to say which commit is meant.
    const BareRepository seen(source, revision, cache, stop);
  }
  return revision;
}

std::string read_git_object(const GitSource& source, const GitRevision& revision, const std::string& cache,
                            const std::stop_token& stop) {
  const BareRepository bare(source, revision, cache, stop);
  return git({"--git-dir=" + bare.path(), "cat-file", "commit", revision.commit}, stop, "");
}

std::string read_git_tag(const GitSource& source, const GitRevision& revision, const std::string& cache,
                         const std::stop_token& stop) {
  if (revision.checksum == revision.commit) return "";
  const BareRepository bare(source, revision, cache, stop);
  return git({"--git-dir=" + bare.path(), "cat-file", "tag", revision.checksum}, stop, "");
}

void checkout_git(const GitSource& source, const GitRevision& revision, const std::string& cache,
                  const std::string& into, const std::stop_token& stop) {
  const BareRepository bare(source, revision, cache, stop);
  const bool whole = base::clean_path("/" + source.subdir) == "/";
  if (source.keep_git_dir && whole) {
    clone_into(source, revision, bare, into, stop);
    if (!source.skip_submodules) update_submodules(into + "/.git", into, stop);
    return;
  }
  const base::TemporaryDirectory scratch("checkout-", cache);
  const std::string tree = whole ? into : scratch.path() + "/tree";
  base::make_directories(tree);
  // Several checkouts of one repository at once: each has an index of its own, the lock is held anyway.
  git({"--git-dir=" + bare.path(), "--work-tree=" + tree, "checkout", "--quiet", "--force", "--no-overlay",
       revision.commit, "--", "."},
      stop, "");
  if (!source.skip_submodules) {
    forget_submodules(bare.path(), stop);
    update_submodules(bare.path(), tree, stop);
  }
  if (!whole) take_subdirectory(source, tree, into);
}

void make_files_writable(const std::string& directory, const std::stop_token& stop) {
  constexpr mode_t kAllModeBits = 07777;
  const base::Fd root = base::open_directory(directory);
  layer::walk_tree(root.get(), {.stop = stop}, [](const layer::TreeEntry& entry) {
    const mode_t mode = entry.stat().st_mode;
    if (!entry.is_file() || (mode & 0111) != 0) return layer::Visit::go_on;
    const base::Fd file = entry.open();
    SLIP_SYSCALL(::fchmod(file.get(), (mode & kAllModeBits) | 0222), "set the mode of {}", entry.path());
    return layer::Visit::go_on;
  });
}

}  // namespace ops
