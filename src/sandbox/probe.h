// SPDX-License-Identifier: Apache-2.0
#pragma once
// The probe: which gates of this kernel and system stand open for builds, for `slipway doctor`.
//
// Each gate says what was found and, where it is limited or shut, what opens it. Reading the
// machine and judging what was read are apart, so that every verdict has a test.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/step_network.h"
#include "sandbox/tier.h"
#include "sandbox/userns.h"

namespace sandbox {

enum class GateState : std::uint8_t { ok, limited, shut };
std::string_view gate_state_name(GateState state);

struct Gate {
  std::string name;  ///< "user namespaces", "overlay", …
  GateState state = GateState::ok;
  std::string detail;  ///< what was found
  std::string fix;     ///< what to do; "" for ok
};

/// Everything the verdicts depend on.
struct MachineFacts {
  TierFacts tier;
  UsernsGates gates;
  std::string kernel_release;
  bool overlay = false;  ///< an overlay could be mounted at the chosen tier
  std::string overlay_reason;
  bool fuse_overlayfs = false;
  bool seccomp_filter = false;
  CgroupLayout cgroups = CgroupLayout::none;
  std::string runtime;          ///< path, or ""
  std::string runtime_version;  ///< first line of `--version`
  NetworkProgram network;
  std::uint64_t nofile_soft = 0;
  std::uint64_t nofile_hard = 0;
};

/// Reads the machine; starts short-lived children for what can only be tried. The overlay is tried
/// in `directory`, where the store is or will be (then in the nearest directory above it).
MachineFacts read_machine_facts(const std::string& directory);

/// One gate per question, in a fixed order.
std::vector<Gate> judge(const MachineFacts& facts);

}  // namespace sandbox
