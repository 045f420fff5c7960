// SPDX-License-Identifier: Apache-2.0
#pragma once
// All policies about the sources of a build: rules in JSON (attest/source_policy.h), then programs in Rego
// (attest/rego_policy.h). Each of them must allow what is used; what one changes, all are asked about again.
//
//     BuildPolicies policies(std::move(rules));
//     policies.use(facts);                            // before a policy in Rego is asked
//     policies.add(std::make_shared<RegoPolicy>(…));
//
// Threads: apply() any, once every policy was added; the same source is judged once.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attest/rego_policy.h"
#include "attest/source_policy.h"
#include "base/sync.h"
#include "ops/source_policy.h"

namespace attest {

class BuildPolicies final : public ops::SourcePolicy {
 public:
  explicit BuildPolicies(SourcePolicies rules) : rules_(std::move(rules)) {}

  /// The facts outlive the policies.
  void use(SourceFacts& facts) { facts_ = &facts; }
  void add(std::shared_ptr<const RegoPolicy> policy) { programs_.push_back(std::move(policy)); }

  void apply(llb::SourceOp& source, const ops::SourceQuestion& question) const override;
  /// "sha256:…" of each policy's text.
  std::vector<std::string> digests() const;

 private:
  /// False when the source was changed.
  bool judge(llb::SourceOp& source, const ops::SourceQuestion& question) const;

  SourcePolicies rules_;
  std::vector<std::shared_ptr<const RegoPolicy>> programs_;
  SourceFacts* facts_ = nullptr;
  mutable base::Sync<std::map<std::string, llb::SourceOp>> judged_;
};

}  // namespace attest
