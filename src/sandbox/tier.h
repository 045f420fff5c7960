// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tiers: how much privilege this machine gives a build, from most to least.
//
//     Tier tier = sandbox::choose_tier(sandbox::read_facts());
//     log("{}", sandbox::describe(tier));      // one line for people
//
// The facts are read once and are plain data, so every choice is testable without the machine.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/idmap.h"

namespace sandbox {

enum class TierKind : std::uint8_t {
  root,         ///< real root with CAP_SYS_ADMIN: no user namespace
  mapped_ids,   ///< own user namespace with subordinate ids through newuidmap and newgidmap
  single_id,    ///< own user namespace that knows only uid 0 and gid 0 (the caller)
  unavailable,  ///< no user namespace may be made: nothing can be mounted or run
};

std::string_view tier_name(TierKind kind);
std::optional<TierKind> parse_tier(std::string_view name);

/// Whether steps may see the /proc around the build where the kernel refuses them one of their own
/// (inside containers that mask parts of /proc). They then reach the user's other processes, and
/// through those the user's files: a choice to be made knowingly.
enum class SharedProc : std::uint8_t { refuse, allow };

struct Tier {
  TierKind kind = TierKind::unavailable;
  IdMap uids;  ///< for mapped_ids and single_id
  IdMap gids;
  std::string reason;  ///< why not a better tier; "" for the best
};

/// What the choice depends on.
struct TierFacts {
  uid_t uid = 0;
  gid_t gid = 0;
  bool sys_admin = false;        ///< CAP_SYS_ADMIN is effective
  bool user_namespaces = false;  ///< a user namespace was made and mapped in a trial
  std::string user_namespaces_reason;
  bool newuidmap = false;  ///< both programs are installed
  SubordinateIds subuids;
  SubordinateIds subgids;
};

/// Reads the facts; tries to make a user namespace in a short-lived child.
TierFacts read_tier_facts();

/// The one place that decides.
Tier choose_tier(const TierFacts& facts);

/// The tier below mapped_ids, and why it must be that one.
Tier single_id_tier(const TierFacts& facts, std::string reason);

/// One line for people: "rootless with 65536 subordinate ids", and why not better.
std::string describe(const Tier& tier);

}  // namespace sandbox
