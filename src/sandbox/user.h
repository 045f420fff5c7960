// SPDX-License-Identifier: Apache-2.0
#pragma once
// USER: from "name", "uid", "name:group", "uid:gid" to numbers, by the image's passwd and group.
//
// The rules are BuildKit's: "uid:gid" in numbers (or "root") is taken as it is; a name brings its
// primary and supplementary groups; an explicit group replaces both; an unknown number is taken
// with gid 0; an unknown name is an error.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids;
  bool operator==(const User&) const = default;
};

/// The texts of the image's files; absent when the image has none.
struct UserFiles {
  std::optional<std::string> passwd;
  std::optional<std::string> group;
};

/// Reads etc/passwd and etc/group inside `root` without leaving it. Files that are not regular
/// count as absent; one beyond 10 MiB throws out_of_range.
UserFiles read_user_files(int root);

/// Throws invalid_argument: "unable to find user ghost: no matching entries in passwd file".
User resolve_user(std::string_view spec, const UserFiles& files);

/// The home directory passwd names for the spec's user, or "/" when it names none.
std::string home_of_user(std::string_view spec, const UserFiles& files);

}  // namespace sandbox
