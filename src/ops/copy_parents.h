// SPDX-License-Identifier: Apache-2.0
#pragma once
// Making directories inside a root, as COPY and WORKDIR make those that are missing.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "ops/copy.h"

namespace ops {

/// What every directory that has to be made gets.
struct ParentRules {
  mode_t mode = 0755;
  std::optional<Owner> owner;
  std::optional<std::int64_t> time;  ///< nanoseconds; none: now
};

/// Makes the directories of `path` (absolute, link-free) that are missing, and gives the last one.
/// `made`, when given, gets the paths of those made, outermost first.
base::Fd make_parents(int root, const std::string& path, const ParentRules& rules,
                      std::vector<std::string>* made = nullptr);

/// Sets the times of directories made by make_parents again, after things were put into them.
void restore_parent_times(int root, const std::vector<std::string>& made, const ParentRules& rules);

}  // namespace ops
