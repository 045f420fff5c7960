// SPDX-License-Identifier: Apache-2.0
#pragma once
// COPY --chown by name: numbers from the passwd and group files of a tree.
//
// BuildKit's rules: a name (or a file) that is not there is 0 without an error, and an unknown group
// leaves the user's own; a user brings its primary group unless a group is named; a number is its own
// group; a tree that is no input of the step at all (FROM scratch) is an error; files beyond 10 MiB
// are refused.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "llb/op.h"
#include "ops/copy.h"

namespace ops {

/// Id and primary group by name; nothing when the file or the name is not there.
std::optional<Owner> find_user(int root, const std::string& name);
std::optional<std::uint32_t> find_group(int root, const std::string& name);

/// `root_of` gives the root directory of the tree at an op input (-1: an empty tree).
std::optional<Owner> resolve_owner(const std::optional<llb::ChownOpt>& owner,
                                   const std::function<int(std::int64_t input)>& root_of);

}  // namespace ops
