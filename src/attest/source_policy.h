// SPDX-License-Identifier: Apache-2.0
#pragma once
// Source policies: which images, repositories and downloads a build may use, and what it takes instead of some of them.
//
//     attest::SourcePolicies policies;
//     policies.add(base::read_file(path), "policy.json");
//     policies.apply(source, {});                   // changed, or an error that is a refusal
//
// The format is BuildKit's (its sourcepolicy package): {"rules": [{"action": "ALLOW" | "DENY" | "CONVERT", "selector":
// {"identifier": …, "match_type": "WILDCARD" | "EXACT" | "REGEX", "constraints": [{"key", "value", "condition":
// "EQUAL" | "NOTEQUAL" | "MATCHES"}]}, "updates": {"identifier": …, "attrs": {…}}}]}.
// Of the ALLOW and DENY rules that match, the last one counts; what no rule matches is allowed. A CONVERT that changes
// something has all policies asked again about what came out, at most 20 times. Every policy must agree.
//
// A policy is a trust decision: fields, actions and attributes that are not known here are errors, where BuildKit would
// pass over them.
// Threads: apply() any, once every policy was added. Failure: invalid_argument with file and rule.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attest/policy_pattern.h"
#include "ops/source_policy.h"

namespace attest {

class SourcePolicies final : public ops::SourcePolicy {
 public:
  /// `name` is the file's, for messages.
  void add(std::string_view text, const std::string& name);
  void apply(llb::SourceOp& source, const ops::SourceQuestion& question) const override;

  /// "sha256:…" of each policy's text.
  const std::vector<std::string>& digests() const { return digests_; }

 private:
  struct Constraint {
    enum class Condition : std::uint8_t { equal, not_equal, matches };
    std::string key;
    Condition condition = Condition::equal;
    PolicyPattern value;
    bool holds(const llb::SourceOp& source) const;
  };
  enum class Action : std::uint8_t { allow, deny, convert };
  struct Rule {
    std::string name;  ///< "rule 2 of policy.json (DENY docker-image://*)"
    Action action = Action::allow;
    PolicyPattern selector;
    std::vector<Constraint> constraints;
    std::string identifier;  ///< "" = as it was
    std::map<std::string, std::string> attrs;
    bool matches(const llb::SourceOp& source) const;
    /// Whether it made a difference.
    bool convert(llb::SourceOp& source) const;
  };
  using Policy = std::vector<Rule>;
  class Reader;

  /// The rule that changed the source, if one did.
  const Rule* apply_once(llb::SourceOp& source) const;

  std::vector<Policy> policies_;
  std::vector<std::string> digests_;
};

}  // namespace attest
