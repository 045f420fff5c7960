// SPDX-License-Identifier: Apache-2.0
#include "cli/enter.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>

#include "base/format.h"
#include "base/path.h"
#include "base/strings.h"
#include "progress/log_lines.h"
#include "sandbox/terminal.h"

namespace cli {

std::vector<std::string> shell_of(const std::vector<std::string>& command) {
  static constexpr std::array<std::string_view, 6> kShells = {"sh", "bash", "ash", "dash", "zsh", "ksh"};
  const std::string name = command.empty() ? "" : std::string(base::base_name(command.front()));
  for (const auto known : kShells) {
    if (name == known) return {command.front()};
  }
  return {"/bin/sh"};
}

sandbox::RunResult enter_on_terminal(ops::EnteredStep& step, const std::string& command, const std::stop_token& stop) {
  ops::Entry entry{.argv = shell_of(step.command()), .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO};
  if (!command.empty()) entry.argv.insert(entry.argv.end(), {"-c", command});
  sandbox::RunResult result;
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) {
    const sandbox::TerminalRelay relay(STDIN_FILENO, STDOUT_FILENO);
    entry.terminal = relay.socket();
    result = step.enter(entry, stop);
  } else {
    result = step.enter(entry, stop);
  }
  for (const auto& note : result.notes) std::fprintf(stderr, "note: %s\n", progress::safe_text(note).c_str());
  return result;
}

bool ask(std::string_view question) {
  if (::isatty(STDIN_FILENO) != 1) return false;
  std::fprintf(stderr, "%s [y/N] ", std::string(question).c_str());
  std::array<char, 64> answer{};
  if (std::fgets(answer.data(), answer.size(), stdin) == nullptr) return false;
  return answer[0] == 'y' || answer[0] == 'Y';
}

}  // namespace cli
