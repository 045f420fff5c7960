// SPDX-License-Identifier: Apache-2.0
#pragma once
// The OCI runtime as a program: crun or runc, run once per container, in the foreground.
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/container.h"
#include "sandbox/world.h"

namespace sandbox {

/// One bundle: the directory with config.json, and what the runtime leaves in it.
struct Bundle {
  std::string directory;
  std::string id;
  std::string config_path() const { return directory + "/config.json"; }
  std::string pid_path() const { return directory + "/pid"; }
  std::string log_path() const { return directory + "/log"; }
};

enum class RuntimeCgroups : std::uint8_t { unmanaged, managed };

/// True when the runtime can be told to leave control groups alone.
bool manages_without_cgroups(const World& world);

/// The command line that runs the bundle. With a terminal the runtime sends its master to the socket
/// kConsoleSocket of the bundle's directory.
std::vector<std::string> runtime_argv(const World& world, const Bundle& bundle, RuntimeCgroups cgroups,
                                      bool terminal = false);
constexpr std::string_view kConsoleSocket = "console";

/// What the runtime itself had to say about not starting the process: 127 for a program that does
/// not exist, 126 for one that may not be run, as a shell; other reasons are no exit code.
struct StartFailure {
  int exit_code = 0;  ///< 0 when the container could not be set up at all
  std::string message;
};
StartFailure parse_runtime_log(std::string_view log, const std::vector<std::string>& argv);

/// Runs the bundle to its end. A stop kills the container's first process, and with it all others;
/// Cancelled is thrown once everything has ended.
RunResult run_bundle(const World& world, const Bundle& bundle, const ContainerSpec& spec, RuntimeCgroups cgroups,
                     const Streams& streams, const std::stop_token& stop);

}  // namespace sandbox
