// SPDX-License-Identifier: Apache-2.0
#pragma once
// check(): a Dockerfile looked at by every rule that was chosen, nothing built.
//
//     CheckReport report = check(gateway, opts, RuleChoice::parse("all", "BaseImageNotPinned"), stop);
//     for (const CheckFinding& finding : report.findings) …
//
// BuildKit's rules come from the conversion itself (convert_lint.h), the others from practice.h.
// `check=skip=RULE` in a comment works for both. A mistake that stops the conversion is part of the
// report, behind what was found until then.
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/build.h"
#include "dockerfile/convert_lint.h"

namespace dockerfile {

/// Which rules are to speak.
class RuleChoice {
 public:
  /// `rules`: names and the groups "buildkit", "practice" and "all", comma-separated ("" = "buildkit").
  /// `skip`: names. Throws invalid_argument for an unknown one.
  static RuleChoice parse(std::string_view rules, std::string_view skip);

  bool wants(std::string_view rule) const { return rules_.contains(rule); }
  bool wants_buildkit() const;
  bool wants_practice() const;

 private:
  std::set<std::string, std::less<>> rules_;
};

struct CheckFinding {
  std::string rule;
  std::string description;  ///< of the rule
  std::string url;          ///< its page
  std::string message;
  std::string fix;  ///< "" for BuildKit's rules
  Ranges location;
  int line() const { return location.empty() ? 0 : location.front().start.line; }
};

struct CheckReport {
  std::string filename;
  std::shared_ptr<const std::string> text;
  std::vector<CheckFinding> findings;  ///< by line
  std::optional<base::Error> error;    ///< what ended the conversion
};

/// Throws only what keeps the Dockerfile from being read.
CheckReport check(Gateway& gateway, const FrontendOpts& opts, const RuleChoice& rules, std::stop_token stop = {});

}  // namespace dockerfile
