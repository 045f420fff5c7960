// SPDX-License-Identifier: Apache-2.0
#pragma once
// The other file actions, on the root directory of a mounted tree: mkdir, mkfile, rm, symlink.
// Same rules and texts as BuildKit's file backend; paths are resolved inside the root.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ops/copy.h"

namespace ops {

struct MakeDirectory {
  std::string path;
  std::int32_t mode = 0755;
  bool make_parents = false;
  std::optional<Owner> owner;
  std::int64_t timestamp = -1;
};
void make_directory(int root, const MakeDirectory& request);

struct MakeFile {
  std::string path;
  std::int32_t mode = 0644;
  std::string_view data;
  std::optional<Owner> owner;
  std::int64_t timestamp = -1;
};
void make_file(int root, const MakeFile& request);

struct RemovePath {
  std::string path;
  bool allow_not_found = false;
  bool allow_wildcard = false;
};
void remove_path(int root, const RemovePath& request);

struct MakeSymlink {
  std::string target;
  std::string path;
  std::optional<Owner> owner;
  std::int64_t timestamp = -1;
};
void make_symlink(int root, const MakeSymlink& request);

}  // namespace ops
