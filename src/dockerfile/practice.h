// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rules of multistage practice, beyond BuildKit's own: what the Dockerfile says about the image it ends in.
//
// They look at the parsed file as a whole, once the target and its base images are known. None is on
// unless asked for (they would change exit codes); docs/checks has a page for each, with a bad and a
// good example that a test tries. A rule speaks only of what the text shows: where a step could be
// harmless in a way that cannot be seen, it is silent.
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/instructions.h"

namespace dockerfile {

struct PracticeRule {
  std::string_view name;
  std::string_view description;
  std::string_view page;  ///< of docs/checks
};

/// All of them, by name.
std::span<const PracticeRule> practice_rules();
/// Null when there is no such rule.
const PracticeRule* practice_rule(std::string_view name);

struct PracticeFinding {
  const PracticeRule* rule = nullptr;
  std::string message;
  std::string fix;  ///< what to write instead
  Ranges location;
  std::vector<std::string> comments;  ///< of the statement, for `check=skip=`
};

using PracticeSink = std::function<void(const PracticeFinding&)>;

/// What the text alone does not say.
struct PracticeFacts {
  std::size_t target = 0;           ///< stage the image is made of
  std::optional<std::string> user;  ///< the image's user, "" = none set; nothing = not known
  /// For each stage its base name with variables replaced, "" = not known.
  std::vector<std::string> bases;
  /// For each stage its base image with tag and digest, "" = not known.
  std::vector<std::string> resolved;
};

/// What the text does say: the last stage is the target, variables have their defaults, a base image has no user.
PracticeFacts facts_of_text(const Program& program);

/// Reports in order of lines. `program` as parsed, variables not replaced.
void check_practice(const Program& program, const PracticeFacts& facts, const PracticeSink& report);

}  // namespace dockerfile
