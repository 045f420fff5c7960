// SPDX-License-Identifier: Apache-2.0
#pragma once
// Provenance: how an image came to be, as a SLSA predicate in the form BuildKit gives it.
//
//     base::Json predicate = attest::provenance(wish, facts);
//
// min: the builder, the request without build arguments, labels and secrets, and what the build stands on (images, git
// commits, downloads, each with its digest). max: also the whole build graph, where each step stands in the Dockerfile,
// and the Dockerfile itself. Ours beyond BuildKit's: `slipway_network_steps` names the steps that had a network, as
// nothing that they fetched is among the dependencies; `slipway_lock` the lock file that pinned them.
// Of a build whose steps fetch through a proxy (proxy/capture.h) what they fetched is among the dependencies, with the
// step in the annotation `slipway_step`; what could not be captured is listed under `network`, and makes them
// incomplete. Sources: slsa.dev/spec/v1.0/provenance and v0.2; BuildKit's docs/attestations/slsa-definitions.md.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "attest/options.h"
#include "base/json.h"
#include "base/time.h"
#include "llb/definition.h"
#include "oci/descriptor.h"
#include "ops/source_policy.h"

#include "proxy/capture.h"

namespace attest {

/// What only the build knows.
struct BuildFacts {
  const llb::Definition& definition;           ///< of the image
  std::map<std::string, std::string> options;  ///< the frontend's, with BuildKit's names
  /// Per source op: the commit of a repository, or "sha256:…" of a download or image.
  std::map<base::Digest, std::string> pins;
  /// Images as the Dockerfile names them ("docker.io/library/busybox:latest"): with a digest only where that has one.
  std::set<std::string> asked_images;
  std::string id;  ///< of the build
  base::Nanos started = 0;
  base::Nanos finished = 0;
  std::string builder_platform;
  int compatibility_version = 0;  ///< as BuildKit counts its own; 0 = nothing is said
  base::Json own_fields;          ///< of the machine's keeper (attest/own_fields.h)
  std::string lock_digest;        ///< of the lock file, or ""
  const ops::SourcePolicy* policies = nullptr;
  std::vector<std::string> policy_digests;      ///< of the texts of all policies, those about signatures too
  bool proxy_network = false;                   ///< steps reached the network through the build's proxy alone
  std::map<base::Digest, proxy::Seen> fetched;  ///< by them, per step
};

base::Json provenance(const ProvenanceWish& wish, const BuildFacts& facts);
std::string_view provenance_type(const ProvenanceWish& wish);

/// What the build stands on, or may stand on, that none of the dependencies names: one line each.
std::vector<std::string> unnamed_materials(const BuildFacts& facts);

/// A URL without user name and password.
std::string without_credentials(std::string_view url);

}  // namespace attest
