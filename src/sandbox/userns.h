// SPDX-License-Identifier: Apache-2.0
#pragma once
// User namespaces: trying whether one can be made, making one, and saying which gate is shut.
#include <string>

#include "sandbox/idmap.h"

namespace sandbox {

/// What the kernel says about user namespaces, as texts of the sysctls ("" when one does not exist).
struct UsernsGates {
  std::string max_user_namespaces;        ///< /proc/sys/user/max_user_namespaces
  std::string unprivileged_userns_clone;  ///< /proc/sys/kernel/… (Debian, Arch)
  std::string apparmor_restrict;          ///< /proc/sys/kernel/apparmor_restrict_unprivileged_userns (Ubuntu)
};

UsernsGates read_userns_gates();

/// Which gate explains the failure, and what opens it: {"…is 0", "sysctl …"}.
struct GateVerdict {
  std::string reason;
  std::string fix;
};
GateVerdict explain_userns_failure(int error, const UsernsGates& gates);

/// Makes a user namespace with a mount namespace below it in a short-lived child, which then tries
/// to use them. 0, or the errno that says no. Safe in a program with threads.
int try_user_namespace();

/// How the maps get written.
enum class MapWriter {
  own_hand,   ///< the kernel lets anyone map the own id alone
  newuidmap,  ///< the set-user-id programs newuidmap and newgidmap
};

/// Moves this process, which must have one thread, into a new user namespace with these maps; it
/// then has every capability there. Throws permission_denied with a hint.
void enter_user_namespace(const IdMap& uids, const IdMap& gids, MapWriter writer);

}  // namespace sandbox
