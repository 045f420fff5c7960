// SPDX-License-Identifier: Apache-2.0
#pragma once
// Git repositories as sources, through the git program.
//
//     GitSource git = GitSource::of(source_op);
//     const std::string cache = git_cache(store);
//     GitRevision revision = resolve_git(git, cache, stop);          // one ls-remote; signatures and pins hold
//     checkout_git(git, revision, cache, directory, stop);
//
// Repositories are kept bare and shallow below one directory, one per address, under a lock; a commit
// that is there is never fetched again. git runs without the user's or the system's configuration,
// never asks for a password, and speaks only git, http(s) and ssh.
#include <stop_token>
#include <string>

#include "llb/op.h"
#include "ops/git_signature.h"
#include "ops/source_lock.h"
#include "store/store.h"

namespace ops {

struct GitSource {
  std::string url;
  std::string ref;       ///< branch, tag, full ref or commit; "" = the default branch
  std::string subdir;    ///< "" or "/" = the whole tree
  std::string checksum;  ///< a prefix that the commit (or annotated tag) must have
  bool keep_git_dir = false;
  bool skip_submodules = false;
  std::string locked_ref;                     ///< the branch or tag that a lock file turned into a commit, or ""
  std::string judged_commit;                  ///< what a policy was shown of it, or ""
  std::optional<GitSignatureRule> signature;  ///< whose signature it needs, as a source policy says

  static GitSource of(const llb::SourceOp& source);
};

/// Where a store keeps its repositories.
inline std::string git_cache(const store::Store& store) { return store.root() + "/git"; }
bool is_commit_id(std::string_view text);
/// What a lock file calls the source: its address and ref.
std::string lock_name(const GitSource& source);
/// The source at the commit that the lock has for it. Throws where it must have one.
GitSource locked(GitSource source, const SourceLock& lock);

/// Asks the remote, and holds what it says to the source's checksum and signature, whatever is cached: where these are
/// about a tag or a signature is needed, the objects are fetched and looked at. Throws not_found for an unknown ref,
/// failed_precondition for a wrong checksum or a remote that lies, permission_denied (a refusal) for a signature.
GitRevision resolve_git(const GitSource& source, const std::string& cache, const std::stop_token& stop);

/// Raw object of the commit; fetches it if need be.
std::string read_git_object(const GitSource& source, const GitRevision& revision, const std::string& cache,
                            const std::stop_token& stop);
/// Raw object of the annotated tag that the revision was found under; "" where there is none.
std::string read_git_tag(const GitSource& source, const GitRevision& revision, const std::string& cache,
                         const std::stop_token& stop);

/// Writes the commit's tree (or its subdirectory) into the empty directory `into`.
void checkout_git(const GitSource& source, const GitRevision& revision, const std::string& cache,
                  const std::string& into, const std::stop_token& stop);
/// Lets everybody write the regular files below `directory` that are no programs: 0644 becomes 0666.
void make_files_writable(const std::string& directory, const std::stop_token& stop);

}  // namespace ops
