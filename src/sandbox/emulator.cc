// SPDX-License-Identifier: Apache-2.0
#include "sandbox/emulator.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "sandbox/container.h"

namespace sandbox {
namespace {

struct Machine {
  std::string_view architecture;
  unsigned number;
  bool big_endian;
};
constexpr std::array kMachines = {
    Machine{"amd64", EM_X86_64, false},  Machine{"386", EM_386, false},       Machine{"arm64", EM_AARCH64, false},
    Machine{"arm", EM_ARM, false},       Machine{"ppc64le", EM_PPC64, false}, Machine{"s390x", EM_S390, true},
    Machine{"riscv64", EM_RISCV, false}, Machine{"mips64le", EM_MIPS, false}, Machine{"loong64", 258, false},
};
constexpr std::size_t kMachineOffset = 18;

const Machine* machine_of_program(std::string_view bytes) {
  constexpr std::size_t kOrderOffset = 5;
  if (!bytes.starts_with(std::string_view(ELFMAG, SELFMAG)) || bytes.size() < kMachineOffset + 2) return nullptr;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
  const bool big_endian = byte(kOrderOffset) == ELFDATA2MSB;
  const unsigned first = byte(kMachineOffset);
  const unsigned second = byte(kMachineOffset + 1);
  const unsigned number = big_endian ? (first << 8) + second : (second << 8) + first;
  for (const auto& machine : kMachines) {
    if (machine.number == number && machine.big_endian == big_endian) return &machine;
  }
  return nullptr;
}

struct BinfmtHandler {
  bool enabled = false;
  std::string interpreter;
  std::string flags;
  std::string magic;  ///< hexadecimal
  std::string offset = "0";
};

BinfmtHandler parse_handler(std::string_view text) {
  BinfmtHandler handler;
  for (const auto& line : base::split(text, '\n')) {
    const auto parts = base::cut(line, " ");
    if (line == "enabled") handler.enabled = true;
    if (!parts) continue;
    if (parts->first == "interpreter") handler.interpreter = parts->second;
    if (parts->first == "flags:") handler.flags = parts->second;
    if (parts->first == "magic") handler.magic = parts->second;
    if (parts->first == "offset") handler.offset = parts->second;
  }
  return handler;
}

/// The machine whose programs a handler is for, by the bytes it was registered with.
const Machine* machine_of_handler(const BinfmtHandler& handler) {
  if (!handler.enabled || handler.interpreter.empty() || base::trim(handler.offset) != "0") return nullptr;
  if (handler.magic.size() % 2 != 0) return nullptr;
  std::string bytes;
  for (std::size_t at = 0; at + 1 < handler.magic.size(); at += 2) {
    bytes += static_cast<char>(base::parse_int(handler.magic.substr(at, 2), 16).value_or(0));
  }
  return machine_of_program(bytes);
}

}  // namespace

std::vector<Emulator> read_emulators(const std::string& directory) {
  std::vector<Emulator> emulators;
  if (!base::exists(directory)) return emulators;
  for (const auto& name : base::list_directory(directory)) {
    if (name == "register" || name == "status") continue;
    const BinfmtHandler handler =
        parse_handler(base::read_file_if_exists(directory + "/" + name, 1U << 16).value_or(""));
    if (const Machine* machine = machine_of_handler(handler)) {
      emulators.push_back(
          {std::string(machine->architecture), handler.interpreter, handler.flags.find('F') != std::string::npos});
    }
  }
  return emulators;
}

namespace {

/// This machine's own, and what its kernels usually run besides.
bool runs_here(const Machine& machine) {
#if defined(__x86_64__)
  return machine.architecture == "amd64" || machine.architecture == "386";
#elif defined(__aarch64__)
  return machine.architecture == "arm64" || machine.architecture == "arm";
#else
  utsname name{};
  return ::uname(&name) != 0 || machine.architecture == std::string_view(name.machine);
#endif
}

/// The first bytes of a file that the path names inside the root; "" when there is none.
std::string beginning(int root, const std::string& path) {
  constexpr std::size_t kEnough = 256;
  // Looked at before it is opened: opening a device does something already.
  const auto place = base::open_in_root_if_exists(root, path, O_PATH);
  struct stat status{};
  if (!place || ::fstat(place->get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  const base::Fd file = base::open_file(base::format("/proc/self/fd/{}", place->get()), O_RDONLY);
  std::string bytes(kEnough, '\0');
  bytes.resize(base::read_at(file.get(), bytes.data(), bytes.size(), 0));
  return bytes;
}

std::string program_bytes(int root, const ContainerSpec& spec) {
  const std::string& name = spec.argv.front();
  if (base::is_absolute(name)) return beginning(root, name);
  if (name.find('/') != std::string::npos) return beginning(root, base::join_path(spec.cwd, name));
  for (const auto& variable : spec.env) {
    if (!variable.starts_with("PATH=")) continue;
    for (const auto& directory : base::split(variable.substr(5), ':')) {
      if (auto bytes = beginning(root, base::join_path(directory, name)); !bytes.empty()) return bytes;
    }
  }
  return "";
}

/// The interpreter of "#!/bin/sh -e".
std::string interpreter_of(const std::string& bytes) {
  const auto line = base::trim(std::string_view(bytes).substr(2, bytes.find('\n') - 2));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

}  // namespace

std::string foreign_architecture(int root, const ContainerSpec& spec) {
  if (spec.argv.empty() || spec.argv.front().empty()) return "";
  try {
    std::string bytes = program_bytes(root, spec);
    if (bytes.starts_with("#!")) bytes = beginning(root, interpreter_of(bytes));
    const Machine* machine = machine_of_program(bytes);
    return machine == nullptr || runs_here(*machine) ? "" : std::string(machine->architecture);
  } catch (const base::Error&) {
    return "";  // whatever is odd about the program, the runtime will say it
  }
}

std::string emulator_hint(std::string_view architecture) {
  return base::format(
      "the program is for {} and this machine has no emulator for that: install the packages qemu-user-static and "
      "binfmt-support; or give the stage FROM --platform=$BUILDPLATFORM and let it compile for $TARGETARCH",
      architecture);
}

}  // namespace sandbox
