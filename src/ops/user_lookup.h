// SPDX-License-Identifier: Apache-2.0
#pragma once
// COPY --chown by name: numbers from the passwd and group files of a tree.
//
// BuildKit's rules: a name that is not there is 0 without an error; a user brings its primary group
// unless a group is named; no passwd file at all is an error; files beyond 10 MiB are refused.
#include <functional>
#include <optional>

#include "llb/op.h"
#include "ops/copy.h"

namespace ops {

/// `root_of` gives the root directory of the tree at an op input (-1: there is none).
std::optional<Owner> resolve_owner(const std::optional<llb::ChownOpt>& owner,
                                   const std::function<int(std::int64_t input)>& root_of);

}  // namespace ops
