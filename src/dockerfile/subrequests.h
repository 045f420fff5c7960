// SPDX-License-Identifier: Apache-2.0
#pragma once
// Questions about a Dockerfile that build nothing: option "requestid" of build().
//
//   frontend.lint                  every rule of convert_lint.h, over all stages unless there is a target
//   frontend.outline               what the target can be given
//   frontend.targets               the stages that can be targets
//   frontend.subrequests.describe  this list
//
// The answer has BuildKit's keys: result.json, result.txt, version, and for lint result.statuscode.
#include <map>
#include <string>

#include "dockerfile/context.h"

namespace dockerfile {

/// Throws unimplemented for an unknown request; lint reports what would fail the build instead of throwing it.
/// `remarks` hears what a build would warn of, where that is not the answer itself.
std::map<std::string, std::string> answer_subrequest(const std::string& request, ContextClient& client,
                                                     const DockerfileSource& source, const LintSink& remarks);

}  // namespace dockerfile
