// SPDX-License-Identifier: Apache-2.0
#pragma once
// The system calls that Docker's default seccomp profile allows with the default capabilities,
// whatever their arguments, and their numbers on the x86 architectures.
#include <cstdint>
#include <span>
#include <string_view>

namespace sandbox {

/// Numbers are -1 where the architecture has no such call.
struct SystemCall {
  std::string_view name;
  std::int16_t x86_64;
  std::int16_t i386;
  std::int16_t x32;  ///< without the x32 bit
};

/// Sorted by name.
std::span<const SystemCall> allowed_system_calls();

/// Calls that exist on this machine's architecture alone, allowed as well.
std::span<const SystemCall> architecture_system_calls();

}  // namespace sandbox
