// SPDX-License-Identifier: Apache-2.0
#pragma once
// --call and --check: asking about a Dockerfile instead of building it.
//
// Answers go to standard output as docker buildx prints them, or with format=json as the frontend
// gives them. Text from the Dockerfile is made safe for a terminal; JSON is left as it is.
#include <map>
#include <optional>
#include <string>

#include "cli/options.h"

namespace cli {

struct Call {
  std::string request;  ///< "frontend.lint", …
  bool json = false;
  bool ignore_status = false;
};

/// What --call=NAME[,format=json][,ignorestatus=true] and --check ask for; nothing for a build.
/// Throws invalid_argument.
std::optional<Call> parse_call(const BuildOptions& options);

/// Prints the frontend's answer; returns the exit code: 1 when a check found something.
int print_answer(const Call& call, const std::map<std::string, std::string>& answer);

}  // namespace cli
