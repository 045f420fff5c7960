// SPDX-License-Identifier: Apache-2.0
#pragma once
// The seccomp filter as a ready program, for the x86 architectures.
//
// It alone can keep socketcall(2) from making sockets (seccomp_rules.h): what makes a program of the profile,
// libseccomp, takes a rule about socket(2) for one about socketcall(2) as well, whatever its arguments.
//
// A program reads the architecture and the call's number, finds the number's range by binary search
// and answers. It differs from the profile in one point, as runc's does: a call newer than every
// call the profile knows answers ENOSYS instead of EPERM, so that programs fall back to older calls.
#include <linux/filter.h>

#include <string>
#include <vector>

#include "sandbox/seccomp_rules.h"

namespace sandbox {

/// The program; empty on architectures whose numbers are not known here.
const std::vector<sock_filter>& seccomp_program(Socketcall socketcall);

/// Its bytes in base64, as crun's annotation run.oci.seccomp_bpf_data takes them; "" for none.
const std::string& seccomp_program_text(Socketcall socketcall);

}  // namespace sandbox
