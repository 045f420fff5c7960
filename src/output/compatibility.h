// SPDX-License-Identifier: Apache-2.0
#pragma once
// compatibility-version: which releases of BuildKit an image's bytes are to be like, where releases differ.
//
//   10   v0.13 and v0.14: as 20; files of git sources are writable by everybody; zstd is refused, as its bytes then
//        were others
//   20   v0.15 to v0.31: Docker's media types, but for images with attestations and OCI layouts, which have OCI's;
//        attestation manifests are like images
//   30   since: OCI media types; attestation manifests are artifacts with a subject
//
// What an -o flag says itself counts in every version. Source: BuildKit's docs/build-repro.md and the exporters that it
// describes.
#include <string_view>

#include "output/spec.h"

namespace output {

inline constexpr int kCompatibility013 = 10;
inline constexpr int kCompatibility015 = 20;
inline constexpr int kCompatibility031 = 30;
inline constexpr int kCurrentCompatibility = kCompatibility031;

/// Throws invalid_argument, with the versions there are.
int parse_compatibility_version(std::string_view text);

/// Whether the files of git sources, but for programs, may be written by everybody (10).
inline bool has_writable_git_files(int version) { return version == kCompatibility013; }

enum class Attested : bool { no, yes };

/// Fills in what the flag left open. Throws invalid_argument for what that version cannot have.
void set_defaults(Spec& spec, int version, Attested attested);

}  // namespace output
