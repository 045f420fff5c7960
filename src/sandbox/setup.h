// SPDX-License-Identifier: Apache-2.0
#pragma once
// The helper's way into its namespaces, step by step, in one thread.
//
// enter_namespaces() runs in the monitor; fork_into_pid_namespace() returns in the server only;
// make_world() then arranges the mounts. helper_main() calls them in this order.
#include <string>

#include "base/json.h"
#include "sandbox/device_gate.h"
#include "sandbox/tier.h"
#include "sandbox/world.h"

namespace sandbox {

/// What the builder tells the helper before anything else.
struct Setup {
  std::string mount_point;  ///< an existing directory that gets the private tmpfs
  std::string runtime;      ///< as HelperOptions::runtime
  SharedProc shared_proc = SharedProc::refuse;
  FuseDevice fuse = FuseDevice::shut;  ///< whether the helper, and with it its steps, may open FUSE's device
  Tier tier;
};

base::Json to_json(const Setup& setup);
Setup setup_from_json(const base::Json& json);

/// Leaves for new mount and pid namespaces, and a user namespace with the tier's maps first where
/// the tier asks for one. Throws with a hint that names the kernel gate.
void enter_namespaces(const Tier& tier);

/// Forks twice: the caller becomes the monitor, the first child pid 1 of the new namespace; neither
/// returns. Returns in the second child, the server. `socket` is closed in the other two.
void fork_into_pid_namespace(int socket);

/// Makes all mounts private, gives the namespace its own /proc and the work directory its tmpfs, and
/// hides control groups from a runtime that would stumble over them.
World make_world(const Setup& setup);

}  // namespace sandbox
