// SPDX-License-Identifier: Apache-2.0
#include "cli/image_admission.h"

#include "base/error.h"
#include "base/file.h"
#include "cli/signing.h"

namespace cli {
namespace {

constexpr std::size_t kMaxPolicy = 16U << 20;

[[noreturn]] void refuse_image(const std::string& image, const attest::ImageRequirement& requirement,
                               std::string_view why) {
  base::Error error(base::Code::permission_denied,
                    base::format("{} is refused by {}: {}", image, requirement.place, why));
  error.set_refusal();
  throw error;
}

/// What can be said of a requirement without looking for signatures; true when it holds.
bool holds_unseen(const std::string& image, const attest::ImageRequirement& requirement) {
  using Kind = attest::ImageRequirement::Kind;
  if (requirement.kind == Kind::accept) return true;
  if (requirement.kind == Kind::reject) refuse_image(image, requirement, "the policy allows no such image");
  if (requirement.kind == Kind::gpg) {
    refuse_image(image, requirement, "signatures made with GPG are not verified here; sigstoreSigned is");
  }
  return false;
}

}  // namespace

PolicyAdmission::PolicyAdmission(const BuildOptions& options, House& house) : house_(house), offline_(options.offline) {
  if (options.signature_policy.empty()) return;
  policy_ = attest::ImagePolicy::parse(base::read_file(options.signature_policy, kMaxPolicy), options.signature_policy);
}

void PolicyAdmission::admit(const oci::Reference& image, const oci::ResolvedImage& resolved,
                            const std::stop_token& stop) {
  for (const auto& requirement : policy_->for_image(image)) {
    if (!holds_unseen(image.familiar(), requirement)) verify(requirement, image, resolved, stop);
  }
}

void PolicyAdmission::verify(const attest::ImageRequirement& requirement, const oci::Reference& image,
                             const oci::ResolvedImage& resolved, const std::stop_token& stop) {
  if (offline_) {
    base::fail(base::Code::failed_precondition,
               "{}: {} wants a signature, which is in the registry, and the build is offline", image.familiar(),
               requirement.place);
  }
  const auto try_at = [&](const oci::Descriptor& signed_at) {
    verify_name(
        image, signed_at, *requirement.trust,
        [&](const std::string& signed_name) { requirement.identity.check(signed_name, image); }, house_, stop);
  };
  try {
    try_at(resolved.root);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::permission_denied) throw;
    if (resolved.manifest_descriptor.digest == resolved.root.digest) {
      refuse_image(image.familiar(), requirement, error.text());
    }
    // podman and skopeo sign the platform's manifest, cosign the index.
    try {
      try_at(resolved.manifest_descriptor);
    } catch (const base::Error& second) {
      if (second.code() != base::Code::permission_denied) throw;
      refuse_image(image.familiar(), requirement, error.text());
    }
  }
}

void PolicyAdmission::admit_layout(const std::string& directory, const std::string& tag) {
  for (const auto& requirement : policy_->for_layout(directory, tag)) {
    if (!holds_unseen(directory, requirement)) {
      refuse_image(directory, requirement, "a layout on this machine has no signatures");
    }
  }
}

}  // namespace cli
