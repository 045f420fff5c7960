// SPDX-License-Identifier: Apache-2.0
#pragma once
// The device gate: which device nodes a step may open.
//
// Steps of a real root may make device nodes (CAP_MKNOD is one of Docker's defaults), so without a
// gate they could make one of the host's disk and open it. A group per container would cost more
// than the container; the helper instead joins one group when it starts, and everything it runs
// inherits it. It allows what Docker allows: making any node, opening null, zero, full, random,
// urandom, tty, ptmx and terminals; and FUSE's device where the helper itself must open that.
//
// In a user namespace the kernel itself refuses nodes that could be opened; no gate is needed there.
#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/cgroup.h"

namespace sandbox {

enum class FuseDevice : std::uint8_t { shut, open };

/// Makes the group `name` (such as "/slipway/x1"), closes its gate and moves this process in.
/// Throws when any of it is refused. The layout must be v1 or v2.
void enter_device_gate(CgroupLayout layout, const std::string& name, FuseDevice fuse);

/// The directory of that group; `root` is where the control groups are mounted.
std::string device_group_path(CgroupLayout layout, const std::string& name, const std::string& root = "/sys/fs/cgroup");

/// Puts the gate on an existing group, given its directory.
void close_device_gate(CgroupLayout layout, const std::string& directory, FuseDevice fuse = FuseDevice::shut);

/// Removes the group once everything in it has ended; a group in use stays.
void remove_device_gate(CgroupLayout layout, const std::string& name);

}  // namespace sandbox
