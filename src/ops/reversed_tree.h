// SPDX-License-Identifier: Apache-2.0
#pragma once
// A step's filesystem with the entries of every directory in another order, through disorderfs: a build that reproduces
// must not depend on the order a file system happens to have. Runs in the helper.
#include <string>

namespace ops {

/// Mounts `tree` once more at `point`, an empty directory, until that is detached; the program ends with the mount.
/// Throws not_found when disorderfs is not installed, failed_precondition when FUSE is not to be had.
void mount_reversed(const std::string& tree, const std::string& point);

}  // namespace ops
