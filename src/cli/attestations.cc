// SPDX-License-Identifier: Apache-2.0
#include "cli/attestations.h"

#include <cstdlib>

#include "attest/own_fields.h"
#include "attest/provenance.h"
#include "attest/sbom.h"
#include "base/error.h"
#include "base/strings.h"
#include "cli/sbom_scanner.h"
#include "ops/secret_leaks.h"

namespace cli {
namespace {

/// SOURCE_DATE_EPOCH where the build has one: equal builds then have equal bills.
base::Nanos made_at(const BuildOptions& options) {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  std::optional<std::int64_t> seconds = epoch ? base::parse_int(epoch) : std::nullopt;
  for (const auto& argument : options.build_args) {
    if (argument.starts_with("SOURCE_DATE_EPOCH=")) seconds = base::parse_int(argument.substr(18));
  }
  return seconds ? *seconds * base::kSecond : base::system_clock().now();
}

void refuse_unnamed(const std::vector<std::string>& materials) {
  if (materials.empty()) return;
  base::Error error(
      base::Code::failed_precondition,
      "the provenance is to be complete (complete-materials), but does not name everything that the build "
      "stands on:\n  " +
          base::join(materials, "\n  "));
  error.set_refusal();
  throw error;
}

attest::Attestation provenance_of(const attest::ProvenanceWish& wish, const BuildOptions& options,
                                  const BuiltImage& built, BuildSession& session, base::Nanos started) {
  attest::BuildFacts facts{.definition = built.image.definition};
  facts.options = session.frontend_opts();
  facts.pins = session.services().pins.pins();
  for (const auto& image : session.services().pins.asked_images()) facts.asked_images.insert(image.name);
  facts.lock_digest = session.services().lock.digest();
  facts.policies = &session.policies();
  facts.policy_digests = session.policy_digests();
  facts.compatibility_version = options.compatibility_version;
  facts.own_fields = attest::read_own_fields(attest::own_fields_directory());
  facts.proxy_network = options.proxy_network;
  facts.fetched = session.fetched();
  facts.id = session.id();
  facts.started = started;
  facts.finished = base::system_clock().now();
  facts.builder_platform = llb::format_platform(llb::host_platform());
  if (wish.complete_materials) refuse_unnamed(attest::unnamed_materials(facts));
  return {std::string(attest::provenance_type(wish)), attest::provenance(wish, facts), wish.file_name,
          wish.inline_only};
}

attest::Attestation sbom_of(const attest::SbomWish& wish, const BuiltImage& built, BuildSession& session,
                            const BuildOptions& options, const std::stop_token& stop) {
  attest::BilledImage image;
  image.name = options.tags.empty() ? "" : options.tags.front();
  image.created = made_at(options);
  image.tool_version = SLIPWAY_VERSION;
  const auto components = components_of(built, session, stop);
  if (wish.format == attest::SbomWish::Format::cyclonedx) {
    return {std::string(attest::kCycloneDx), attest::cyclonedx_document(image, components), "sbom.cdx.json"};
  }
  return {std::string(attest::kSpdx), attest::spdx_document(image, components), "sbom.spdx.json"};
}

}  // namespace

/// Names of the steps that made the chain's layers, "" for those of the base image. They are those of the history;
/// where that does not fit (layers that were joined, a foreign config), nothing is said.
std::vector<std::string> steps_of(const BuiltImage& built) {
  std::vector<std::string> steps(built.chain.size());
  std::vector<std::string> made;
  const base::Json config = base::Json::parse(built.image.config);
  for (const auto& entry : config["history"].items()) {
    if (entry["empty_layer"].bool_or(false)) continue;
    made.push_back(base::replace_all(entry["created_by"].string_or(""), " # buildkit", ""));
  }
  if (made.size() < built.own_layers || steps.size() < built.own_layers) return steps;
  for (std::size_t i = 1; i <= built.own_layers; ++i) steps[steps.size() - i] = made[made.size() - i];
  return steps;
}

attest::Components components_of(const BuiltImage& built, BuildSession& session, const std::stop_token& stop) {
  const std::size_t base = built.chain.size() < built.own_layers ? 0 : built.chain.size() - built.own_layers;
  std::vector<attest::TracedCopy> copies = built.copies;
  for (auto& copy : copies) copy.layer += base;
  std::vector<attest::StageView> stages = built.stages;
  stages.insert(stages.end(), built.scanned.begin(), built.scanned.end());
  return attest::find_components(built.chain, steps_of(built), stages, copies, session.services(), stop);
}

void attest_images(const attest::Wanted& wanted, const BuildOptions& options, BuildSession& session,
                   base::Nanos started, std::vector<BuiltImage>& images, const std::stop_token& stop) {
  for (auto& built : images) {
    if (wanted.provenance) {
      built.attestations.push_back(provenance_of(*wanted.provenance, options, built, session, started));
    }
    if (wanted.sbom && wanted.sbom->generator.empty()) {
      built.attestations.push_back(sbom_of(*wanted.sbom, built, session, options, stop));
    } else if (wanted.sbom) {
      for (auto& scan : scan_with(*wanted.sbom, built, session, stop)) built.attestations.push_back(std::move(scan));
    }
    for (const auto& attestation : built.attestations) {
      ops::refuse_secrets_in_text(attestation.predicate.dump(), "an attestation of the image", session.services());
    }
  }
}

}  // namespace cli
