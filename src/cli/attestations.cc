// SPDX-License-Identifier: Apache-2.0
#include "cli/attestations.h"

#include "attest/provenance.h"
#include "ops/secret_leaks.h"

namespace cli {
namespace {

attest::Attestation provenance_of(const attest::ProvenanceWish& wish, const BuiltImage& built, BuildSession& session,
                                  base::Nanos started) {
  attest::BuildFacts facts{.definition = built.image.definition};
  facts.options = session.frontend_opts();
  facts.pins = session.services().pins.pins();
  for (const auto& [image, digest] : session.services().pins.asked_images()) facts.asked_images.insert(image);
  facts.id = session.id();
  facts.started = started;
  facts.finished = base::system_clock().now();
  facts.builder_platform = llb::format_platform(llb::host_platform());
  return {std::string(attest::provenance_type(wish)), attest::provenance(wish, facts), wish.file_name};
}

}  // namespace

void attest_images(const attest::Wanted& wanted, BuildSession& session, base::Nanos started,
                   std::vector<BuiltImage>& images, const std::stop_token&) {
  for (auto& built : images) {
    if (wanted.provenance) built.attestations.push_back(provenance_of(*wanted.provenance, built, session, started));
    for (const auto& attestation : built.attestations) {
      ops::refuse_secrets_in_text(attestation.predicate.dump(), "an attestation of the image", session.services());
    }
  }
}

}  // namespace cli
