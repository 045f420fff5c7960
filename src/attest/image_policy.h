// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which images of registries and layouts may be used, and with whose signature: the policy.json of podman and skopeo.
//
//     auto policy = attest::ImagePolicy::parse(base::read_file(path), path);
//     for (const auto& requirement : policy.for_image(reference)) …            // all of them must hold
//
// {"default": [REQUIREMENT…], "transports": {"docker": {"SCOPE": [REQUIREMENT…]}, "oci": {"DIRECTORY": […]}}}. The most
// specific scope counts, and it alone: the reference with its digest, with its tag, the repository, each namespace
// above it, the host, "*.example.org" for hosts below, "" for the whole transport, then the default. Requirements are
// insecureAcceptAnything, reject and sigstoreSigned (with signedIdentity); signedBy (GPG) is understood and never
// holds, as nothing here checks it. Files named in a policy are looked for beside it. Source:
// containers-policy.json(5). What is not known is an error: a policy is a trust decision. Threads: any. Failure:
// invalid_argument with the file and the place in it.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attest/trust.h"
#include "oci/reference.h"

namespace attest {

/// Which name a signature must have been made for.
struct SignedIdentity {
  enum class Match : std::uint8_t { repo_digest_or_exact, exact, repository, exact_reference, exact_repository, remap };
  Match match = Match::repo_digest_or_exact;
  std::string name;  ///< of exact_reference and exact_repository; the prefix of remap
  std::string signed_prefix;
  /// Throws permission_denied when a signature for `signed_name` says nothing about the image.
  void check(std::string_view signed_name, const oci::Reference& image) const;
};

struct ImageRequirement {
  enum class Kind : std::uint8_t { accept, reject, sigstore, gpg };
  Kind kind = Kind::reject;
  std::string place;  ///< "policy.json, scope docker.io, requirement 1 (reject)"
  std::shared_ptr<const Trust> trust;
  SignedIdentity identity;
};

class ImagePolicy {
 public:
  using Requirements = std::vector<ImageRequirement>;

  static ImagePolicy parse(std::string_view text, const std::string& path);
  /// `image` is tagged or has a digest.
  const Requirements& for_image(const oci::Reference& image) const;
  /// An OCI layout; the directory is absolute.
  const Requirements& for_layout(std::string_view directory, std::string_view tag) const;
  /// "sha256:…" of the policy's text.
  const std::string& digest() const { return digest_; }

 private:
  class Reader;
  const Requirements& most_specific(std::string_view transport, const std::vector<std::string>& scopes) const;

  Requirements default_;
  std::map<std::string, std::map<std::string, Requirements>, std::less<>> transports_;
  std::string digest_;
};

}  // namespace attest
