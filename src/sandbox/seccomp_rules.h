// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rules about arguments, shared by both ways of saying the filter.
#include <cstdint>

namespace sandbox {

/// clone(2) with any of NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWCGROUP makes a namespace.
constexpr std::uint32_t kNamespaceFlags = 0x7e020000;
/// Address families that a step may not open sockets of.
constexpr std::uint32_t kAfAlg = 38;
constexpr std::uint32_t kAfVsock = 40;
/// PER_LINUX, PER_LINUX32, UNAME26, both, and the question for the current one.
constexpr std::uint32_t kPersonalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

}  // namespace sandbox
