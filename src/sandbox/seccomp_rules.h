// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rules about arguments, shared by both ways of saying the filter.
#include <cstdint>

namespace sandbox {

/// Whether processes may make sockets by socketcall(2), i386's old call, which has the address family in memory, where
/// no filter sees it. The 32-bit glibc of distributions knows no other way, so steps with a network keep it. In a step
/// whose network is closed AF_VSOCK would lead out of it, since that family heeds no network namespace: there the call
/// answers ENOSYS, and socket(2), whose family is looked at, stays.
enum class Socketcall : std::uint8_t { any, no_socket };

/// SYS_SOCKET, what socketcall(2) is to do when its first argument says so.
constexpr std::uint32_t kSocketcallSocket = 1;
/// clone(2) with any of NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWCGROUP makes a namespace.
constexpr std::uint32_t kNamespaceFlags = 0x7e020000;
/// Address families that a step may not open sockets of.
constexpr std::uint32_t kAfAlg = 38;
constexpr std::uint32_t kAfVsock = 40;
/// PER_LINUX, PER_LINUX32, UNAME26, both, and the question for the current one.
constexpr std::uint32_t kPersonalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

}  // namespace sandbox
