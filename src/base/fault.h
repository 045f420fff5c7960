// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fault hook: the numbered commit points at which tests kill the program or fail it.
//
// Every place that makes something durable or visible calls `fault_point("store.blob.renamed")`.
// SLIPWAY_FAULT=kill@7 ends the process with SIGKILL at the 7th point reached, fail@NAME makes the
// named point throw (as a full disk would), kill@NAME kills there, and list=FILE appends each name
// reached, so that a test can count the points of a build and then die at each of them.
#include <string_view>

namespace base {

void fault_point(std::string_view name);

}  // namespace base
