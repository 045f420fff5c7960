// SPDX-License-Identifier: Apache-2.0
#pragma once
// The simple commands of a RUN, for checks: enough of a shell's grammar to see which programs are
// called with which words, nothing executed or expanded.
//
//     shell_calls("set -e; apt-get update && DEBIAN_FRONTEND=x apt-get install -y \"curl\"")
//       // {"set", "-e"}, {"apt-get", "update"}, {"apt-get", "install", "-y", "curl"}
//
// Quotes and escapes are removed; assignments, redirections, reserved words and programs that only
// start another one (sudo, env, exec, time, xargs …) are dropped from the front; `sh -c "…"` is
// looked into, `$(…)` is not and stays in its word. Text that is no valid script gives some
// reading of it: checks that rest on this must be careful with what they claim.
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/instructions.h"

namespace dockerfile {

struct ShellCall {
  std::vector<std::string> words;  ///< never empty
  bool reads_input = false;        ///< behind xargs or "<": more words may come from a file

  /// The program's name without its directory.
  std::string_view program() const;
  bool has_word(std::string_view word) const;
};

std::vector<ShellCall> shell_calls(std::string_view script);
/// The calls of a RUN in any form: shell, JSON array, heredoc.
std::vector<ShellCall> shell_calls(const RunCommand& run);
/// The whole text a RUN executes: its line and its heredocs.
std::string script_of(const RunCommand& run);

}  // namespace dockerfile
