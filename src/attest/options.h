// SPDX-License-Identifier: Apache-2.0
#pragma once
// What --attest, --provenance and --sbom ask for.
//
//     attest::Wanted wanted = attest::parse_wanted({"type=provenance,mode=min"}, "", "true");
//
// The keys are docker buildx's: type=provenance has mode (min, max), version (v1, v0.2), builder-id, reproducible,
// filename, inline-only; type=sbom has generator, a scanner's image, and whatever that understands. Ours: format (spdx,
// cyclonedx) for an sbom without a scanner. disabled=true takes an earlier wish back.
// Failure: invalid_argument for unknown types, keys and values.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attest {

struct ProvenanceWish {
  enum class Mode : std::uint8_t { min, max } mode = Mode::max;
  enum class Version : std::uint8_t { v1, v02 } version = Version::v1;
  std::string builder_id;
  bool reproducible = false;
  bool inline_only = false;         ///< see Attestation
  bool complete_materials = false;  ///< refuse the build when something that it stands on has no name
  std::string file_name = "provenance.json";
};

struct SbomWish {
  enum class Format : std::uint8_t { spdx, cyclonedx } format = Format::spdx;
  std::string generator;                          ///< a scanner's image; "" = the packages are read by slipway itself
  std::map<std::string, std::string> parameters;  ///< for the scanner
};

struct Wanted {
  std::optional<ProvenanceWish> provenance;
  std::optional<SbomWish> sbom;

  bool any() const { return provenance || sbom; }
};

/// `attests` are values of --attest, the others the short forms: "" = not given, "true", "false", or attributes.
Wanted parse_wanted(const std::vector<std::string>& attests, const std::string& provenance, const std::string& sbom);

}  // namespace attest
