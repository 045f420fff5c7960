// SPDX-License-Identifier: Apache-2.0
#pragma once
// Child programs through posix_spawn: git, credential helpers, the OCI runtime.
// Descriptors above 2 are close-on-exec unless passed in `keep`.
#include <sys/types.h>

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace base {

struct Command {
  std::vector<std::string> argv;                        ///< argv[0] is looked up in PATH unless it has a slash
  std::optional<std::vector<std::string>> environment;  ///< "K=V"; inherited when absent
  std::string directory;                                ///< working directory; inherited when ""
  int stdin_fd = -1;                                    ///< -1: /dev/null
  int stdout_fd = -1;                                   ///< -1: /dev/null
  int stderr_fd = -1;                                   ///< -1: /dev/null
  std::vector<std::pair<int, int>> keep;                ///< (ours, the child's number) for further descriptors
  bool own_process_group = true;                        ///< so that a terminal's Ctrl-C reaches us alone
};

struct ExitStatus {
  int code = 0;    ///< exit code, or 128 + signal
  int signal = 0;  ///< the signal that ended it, or 0
  bool ok() const { return code == 0; }
};

/// A running child. Destroying it kills (SIGKILL to the group) and reaps.
class Child {
 public:
  /// Throws not_found with the program's name when it does not exist.
  static Child start(const Command& command);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  void kill(int signal);
  /// Waits for the end. A stop request sends SIGTERM, after `grace_ms` SIGKILL, then throws Cancelled.
  ExitStatus wait(const std::stop_token& stop = {}, int grace_ms = 2000);

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  bool own_group_ = true;
};

struct Output {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Runs to the end and collects both streams (each up to 64 MiB).
Output run_collect(Command command, std::string_view input = {}, const std::stop_token& stop = {});

/// Full path of a program on PATH, as execvp would find it.
std::optional<std::string> find_program(std::string_view name);

}  // namespace base
