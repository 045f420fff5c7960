// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a target can be given (frontend.outline), and which targets there are (frontend.targets).
// Both have a JSON and a text form, which are BuildKit's.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/instructions.h"
#include "dockerfile/source_errors.h"

namespace dockerfile {

struct OutlineArg {
  std::string name;
  std::string value;        ///< as it is in this build
  std::string description;  ///< from the comment above
  Ranges location;
  std::set<std::string> uses;  ///< ARGs its default is made of
};

/// A secret or an ssh agent.
struct OutlineMount {
  std::string id;
  bool required = false;
  Ranges location;
};

/// What was seen of one stage while it was converted.
struct StageParameters {
  std::map<std::string, OutlineArg> args;  ///< all that are known in it
  std::set<std::string> used_args;
  std::map<std::string, OutlineMount> secrets;
  std::map<std::string, OutlineMount> ssh;
};

struct Outline {
  std::string name;  ///< of the target stage
  std::string description;
  std::vector<OutlineArg> args;
  std::vector<OutlineMount> secrets;
  std::vector<OutlineMount> ssh;

  std::string json(const std::string& dockerfile) const;
  std::string text() const;
};

/// The stages of a file, for frontend.targets; the last one is the default.
struct TargetList {
  std::vector<Stage> stages;

  std::string json(const std::string& dockerfile) const;
  std::string text() const;
};

}  // namespace dockerfile
