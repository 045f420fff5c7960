// SPDX-License-Identifier: Apache-2.0
#pragma once
// The fuse driver: fuse-overlayfs in the place of the kernel's overlay, for kernels that refuse a user that one and for
// stores that lie on an overlay themselves. Layer directories are the same: what the program writes in ways of its own
// (".wh." files, "user.fuseoverlayfs." attributes) is brought into overlayfs' form after the step.
#include <string>

#include "base/fd.h"
#include "snapshot/overlay.h"

namespace snapshot {

/// A detached mount. The program that serves it ends with it. Throws not_found when fuse-overlayfs is not installed.
base::Fd fuse_mount(const OverlayDirectories& directories, const std::string& scratch);

/// After the last write: makes a directory that fuse-overlayfs wrote to a layer directory. Idempotent.
void settle_fuse_writes(const std::string& upper);

}  // namespace snapshot
