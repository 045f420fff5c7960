// SPDX-License-Identifier: Apache-2.0
#pragma once
// Attestations: what is stated about an image, and the in-toto statement that says it.
//
//     attest::Attestation provenance{.predicate_type = attest::kProvenanceV1, .predicate = json};
//     std::string blob = attest::statement(provenance, {{"pkg:docker/app@1", manifest_digest}});
//
// Source: github.com/in-toto/attestation, spec/v1/statement.md.
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace attest {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kStatementMediaType = "application/vnd.in-toto+json";
inline constexpr std::string_view kProvenanceV1 = "https://slsa.dev/provenance/v1";
inline constexpr std::string_view kProvenanceV02 = "https://slsa.dev/provenance/v0.2";
inline constexpr std::string_view kSpdx = "https://spdx.dev/Document";
inline constexpr std::string_view kCycloneDx = "https://cyclonedx.org/bom";

struct Attestation {
  std::string predicate_type;
  base::Json predicate;
  std::string file_name;  ///< below an output directory: "provenance.json", "sbom.spdx.json"
  /// For images that are to have it: no reason for an archive to have an index, and none for a file in a directory.
  bool inline_only = false;
};

struct Subject {
  std::string name;
  base::Digest digest;
};

/// The statement's bytes.
std::string statement(const Attestation& attestation, const std::vector<Subject>& subjects);

}  // namespace attest
