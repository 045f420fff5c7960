// SPDX-License-Identifier: Apache-2.0
#pragma once
// SOURCE_DATE_EPOCH: a number, "context", or the name of a context or stage whose source has a date.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/convert_stages.h"

namespace dockerfile {

struct EpochInputs {
  ContextClient& client;
  const std::vector<Stage>& stages;
  const std::map<std::string, std::string>& build_args;
  const ArgList& global_args;
  const ShellWords& shell;
};

/// The time `value` stands for; nothing when its source has none. Throws invalid_argument.
std::optional<Epoch> resolve_epoch(const std::string& value, const EpochInputs& inputs);

/// The committer's time in a raw git commit object. Throws invalid_argument.
Epoch commit_time(std::string_view object);

/// The latest modification time of the regular files in a plain tar; nothing when it is none.
std::optional<Epoch> latest_in_tar(std::string_view tar);

}  // namespace dockerfile
