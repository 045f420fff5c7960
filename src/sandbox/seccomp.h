// SPDX-License-Identifier: Apache-2.0
#pragma once
// The seccomp filter of containers: what Docker's default profile allows with the default
// capabilities. Everything else answers EPERM; clone3 answers ENOSYS, so that libraries fall back
// to clone, whose flags the filter can see.
//
// The filter is said twice: as the profile of the OCI specification, for any runtime, and as a
// ready program (seccomp_program.h) for crun, which otherwise compiles the profile anew for each
// container, at more than the cost of everything else it does.
#include "base/json.h"

namespace sandbox {

/// The `linux.seccomp` object for this machine's architecture.
base::Json seccomp_profile();

}  // namespace sandbox
