// SPDX-License-Identifier: Apache-2.0
#pragma once
// --signature-policy: a build's images held to a policy.json.
#include <optional>

#include "attest/image_policy.h"
#include "cli/house.h"
#include "cli/options.h"
#include "ops/image_admission.h"

namespace cli {

class PolicyAdmission final : public ops::ImageAdmission {
 public:
  /// Reads the file that the options name.
  PolicyAdmission(const BuildOptions& options, House& house);

  /// nullptr when there is no policy.
  ops::ImageAdmission* hook() { return policy_ ? this : nullptr; }
  /// Of the policy's text; "" = none.
  std::string digest() const { return policy_ ? policy_->digest() : ""; }

  void admit(const oci::Reference& image, const oci::ResolvedImage& resolved, const std::stop_token& stop) override;
  void admit_layout(const std::string& directory, const std::string& tag) override;

 private:
  void verify(const attest::ImageRequirement& requirement, const oci::Reference& image,
              const oci::ResolvedImage& resolved, const std::stop_token& stop);

  House& house_;
  bool offline_;
  std::optional<attest::ImagePolicy> policy_;
};

}  // namespace cli
