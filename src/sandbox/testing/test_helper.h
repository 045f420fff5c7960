// SPDX-License-Identifier: Apache-2.0
#pragma once
// Starts helpers and small root file systems for the room's tests.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/container.h"
#include "sandbox/helper.h"

namespace sandbox::testing {

/// The program sandbox_test_helper beside the test program, as HelperOptions::argv.
std::vector<std::string> helper_argv();

/// Why no helper can be started here; nothing when one can.
std::optional<std::string> helper_obstacle();
/// The same for containers.
std::optional<std::string> container_obstacle();

/// A root with /bin/busybox, its usual links, /etc/passwd and /tmp below `directory`.
std::string make_busybox_root(const std::string& directory);

/// A spec that runs `script` with busybox's shell in `rootfs`.
ContainerSpec shell_spec(const std::string& rootfs, const std::string& script);

struct ContainerRun {
  RunResult result;
  std::string out;
  std::string err;
};

/// Runs a container through the helper and collects what it writes (up to a pipe's worth each).
ContainerRun run_in(Helper& helper, const ContainerSpec& spec, const std::stop_token& stop = {});

}  // namespace sandbox::testing
