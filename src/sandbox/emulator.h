// SPDX-License-Identifier: Apache-2.0
#pragma once
// Emulators: what this kernel runs programs of another architecture with (binfmt_misc).
//
// A handler is registered with the first bytes of the programs it is for; whether it is one for an architecture is read
// from those, not from its name. With the flag F the kernel holds the interpreter open, and it works inside every
// container; without it the interpreter must be found there under the same path.
// Source: the kernel's Documentation/admin-guide/binfmt-misc.rst; e_machine numbers from elf.h.
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

struct ContainerSpec;

struct Emulator {
  std::string architecture;  ///< as in platforms: "arm64"
  std::string interpreter;
  bool held_open = false;  ///< flag F
};

inline constexpr const char* kBinfmtDirectory = "/proc/sys/fs/binfmt_misc";

/// The enabled handlers for programs of other machines.
std::vector<Emulator> read_emulators(const std::string& directory = kBinfmtDirectory);

/// The architecture of the program that the spec starts, looked up in `root` as the kernel and its shell would (through
/// PATH, and one "#!" line), where this machine does not run it by itself; "" otherwise, also for what is no program.
std::string foreign_architecture(int root, const ContainerSpec& spec);

/// What to do about a program of an architecture that nothing here can run.
std::string emulator_hint(std::string_view architecture);

}  // namespace sandbox
