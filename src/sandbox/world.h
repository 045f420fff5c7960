// SPDX-License-Identifier: Apache-2.0
#pragma once
// The world: what the helper process made of this machine before it answers its first request.
//
// `work_dir` lies on a tmpfs that only the helper's mount namespace knows: bundles, runtime state,
// secrets and mount points put there vanish with the helper, however it ends.
#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox/cgroup.h"
#include "sandbox/emulator.h"
#include "sandbox/idmap.h"
#include "sandbox/tier.h"

namespace sandbox {

struct World {
  TierKind tier = TierKind::unavailable;
  std::string tier_reason;  ///< why not a better one
  std::string work_dir;     ///< absolute, on a private tmpfs, mode 0700
  std::string runtime;      ///< full path of crun or runc, or "" when there is none
  bool fresh_proc = false;  ///< a /proc could be mounted for the helper's pid namespace, so one can for a container's
  SharedProc shared_proc = SharedProc::refuse;  ///< what to do without a fresh one
  CgroupLayout cgroups;                         ///< as the host has them; hidden where the runtime stumbles over them
  std::string device_gate;                      ///< the control group that keeps steps from the host's devices, or ""
  IdMap uids;                                   ///< empty for root: every id is itself
  IdMap gids;
  std::vector<Emulator> emulators;  ///< of the host's kernel, for every container; known inside the helper only
  std::vector<std::string> notes;   ///< what had to be done without, one sentence each

  bool rootless() const { return tier != TierKind::root; }
  /// Steps may make device nodes only where they cannot open the host's disks through them.
  bool may_make_devices() const { return rootless() || !device_gate.empty(); }
};

/// One line for people on what a helper without root can do; "" for root.
std::string describe(const World& world);

base::Json to_json(const World& world);
World world_from_json(const base::Json& json);

}  // namespace sandbox
