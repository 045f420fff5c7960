// SPDX-License-Identifier: Apache-2.0
#pragma once
// The git program, as every use of it here runs it: without the user's or the system's configuration or hooks,
// without asking for passwords, and speaking only the protocols that are named.
//
//     git({"--git-dir=" + bare, "fetch", "origin", ref}, stop);              // git, http, https, ssh
//     git({"--git-dir=" + bare, "cat-file", "commit", id}, stop, "");        // nothing leaves the machine
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/subprocess.h"

namespace ops {

inline constexpr std::string_view kGitRemotes = "git:http:https:ssh";

/// Runs git to its end. `protocols`: those it may fetch by, with colons between. Throws not_found without git.
base::Output run_git(std::vector<std::string> arguments, const std::stop_token& stop, std::string_view protocols,
                     const std::string& directory = "", const std::vector<std::string>& environment = {});

/// The same, for what must succeed: its standard output. Throws unavailable with what git said.
std::string git(std::vector<std::string> arguments, const std::stop_token& stop,
                std::string_view protocols = kGitRemotes, const std::string& directory = "");

}  // namespace ops
