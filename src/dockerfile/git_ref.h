// SPDX-License-Identifier: Apache-2.0
#pragma once
// Git references as ADD and build contexts take them.
//
//     parse_git_ref("https://example.com/app.git#v1:src").ref    // {remote …/app.git, ref "v1", subdir "src"}
//
// Forms: scheme://… (http, https need a path ending in ".git"; ssh, git), user@host:path, and for
// contexts `github.com/…`. Fragment `#ref:subdir`, or a query: ref, tag, branch, subdir, checksum,
// commit, keep-git-dir, submodules, mtime, fetch-by-commit.
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace dockerfile {

struct GitRef {
  std::string remote;      ///< what to give to git, without fragment and query
  std::string short_name;  ///< last path element without ".git"
  std::string ref;         ///< branch, tag or commit; "" = default branch
  std::string checksum;    ///< a commit, perhaps abbreviated
  std::string subdir;
  bool indistinguishable_from_local = false;  ///< the `github.com/…` form
  bool unencrypted_tcp = false;               ///< http or git
  std::optional<bool> keep_git_dir;
  std::optional<bool> submodules;
  std::string mtime;  ///< "", "checkout" or "commit"
  bool fetch_by_commit = false;
  bool operator==(const GitRef&) const = default;
};

/// What a text is. Exactly one of `ref` and `error` is set.
struct GitRefResult {
  bool is_git = false;  ///< it means a git reference, perhaps a wrong one: then report `error`
  std::optional<GitRef> ref;
  std::optional<base::Error> error;
};

GitRefResult parse_git_ref(std::string_view text);

/// "remote#ref:subdir", the short form; nothing when `text` is no git reference.
enum class WithSubdir : bool { no, yes };
std::optional<std::string> git_fragment_form(std::string_view text, WithSubdir subdir);

/// True for 40 or 64 lower-case hex digits.
bool is_commit_sha(std::string_view text);
/// True for scheme://… of a git transport and for user@host:path.
bool is_git_transport(std::string_view text);

}  // namespace dockerfile
