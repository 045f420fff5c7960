// SPDX-License-Identifier: Apache-2.0
#pragma once
// Copying between trees as COPY and ADD do it: from the root of one tree into the root of another.
//
// Runs inside the helper, on directories of mounted trees; no path of either leaves its root. The
// rules are BuildKit's file backend and its copier (docs: features of COPY in ARCHITECTURE.md).
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ops/local_source.h"

namespace ops {

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// How the source tree is seen.
struct CopySource {
  int root = -1;                      ///< directory of the tree; -1 = an empty tree
  std::vector<std::string> excludes;  ///< patterns of the context's ignore file: what they match is not there
  std::vector<std::string> includes;  ///< when not empty, only these are there
  /// A directory of the user's: owners read as 0:0, extended attributes as absent, sockets as empty files.
  enum class Kind : std::uint8_t { frozen, live } kind = Kind::frozen;
};

struct CopyRequest {
  std::string src;
  std::string dest;
  std::optional<Owner> owner;
  std::int32_t mode = -1;  ///< -1 = keep
  std::string mode_str;    ///< symbolic; wins over `mode`
  bool follow_symlink = false;
  bool dir_copy_contents = false;
  bool attempt_unpack = false;
  bool create_dest_path = false;
  bool allow_wildcard = false;
  bool allow_empty_wildcard = false;
  bool always_replace_existing_dest_paths = false;
  std::int64_t timestamp = -1;  ///< nanoseconds; -1 = keep
  std::vector<std::string> include_patterns;
  std::vector<std::string> exclude_patterns;
  std::vector<std::string> required_paths;
};

/// Where a copy goes.
struct CopyTarget {
  explicit(false) CopyTarget(int root_directory, int upper_directory = -1)
      : root(root_directory), upper(upper_directory) {}
  int root;
  /// The layer directory that takes what is written to `root`, when that is an overlay nobody else looks
  /// at: what the copy itself makes is then filled there, past the overlay. -1 = none.
  int upper;
};

/// The tree of a local directory, opened at `root`.
CopySource local_copy_source(int root, const LocalView& view);

/// Throws with BuildKit's texts (`"/x": not found`).
void copy_files(const CopySource& source, const CopyTarget& target, const CopyRequest& request,
                const std::stop_token& stop);

/// Everything of one tree into an empty directory, owners, times, links and attributes kept.
void copy_tree(int from_root, int to_root, const std::stop_token& stop);

}  // namespace ops
