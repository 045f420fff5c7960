// SPDX-License-Identifier: Apache-2.0
#pragma once
// Standing in a step: a shell in it on the user's terminal, and what becomes of what was done there.
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "cli/options.h"
#include "ops/by_hand.h"

namespace cli {

/// Outcomes of steps that were made by hand, by their digest.
using GivenOutcomes = std::map<base::Digest, std::vector<solve::ResultPtr>>;

/// The shell to enter a step with: the one its command is written for, or /bin/sh.
std::vector<std::string> shell_of(const std::vector<std::string>& command);

/// Runs the step's shell (`command` "" ) or a command in it. On a terminal of its own when standard input and output
/// are terminals, and with the standard streams as they are otherwise.
sandbox::RunResult enter_on_terminal(ops::EnteredStep& step, const std::string& command, const std::stop_token& stop);

/// Asks on the terminal; without one the answer is no.
bool ask(std::string_view question);

/// run_build() (commands.h) where some steps have their outcome already.
int run_build_with(const std::string& root, const BuildOptions& options, GivenOutcomes given);

}  // namespace cli
