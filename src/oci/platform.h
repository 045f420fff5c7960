// SPDX-License-Identifier: Apache-2.0
#pragma once
// Platforms: os/architecture[/variant], and which manifest of an index serves a wanted one.
//
//     auto wanted = oci::parse_platform("linux/arm64/v8");
//     auto best = oci::PlatformMatcher(wanted).choose(candidates);   // index into candidates
//
// Matching accepts what the wanted machine can run as well, best first: amd64/v3 takes v3, v2, v1 and
// then 386; arm64 takes arm64/v8, then 32-bit arm v8 … v5; arm/v7 takes v7, v6, v5. A platform
// without a variant means amd64/v1, arm64/v8 and arm/v7.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace oci {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  std::string os_version;
  std::vector<std::string> os_features;
  bool operator==(const Platform&) const = default;
};

/// The platform of this machine, normalised (the variant is set for 32-bit arm only).
Platform host_platform();

/// Reads "os", "architecture", "os/arch" or "os/arch/variant", with "os(version+feature)" as the
/// first element; a missing half is the host's. Aliases (x86_64, aarch64, armhf …) become Go's
/// names. Throws invalid_argument with what is wrong.
Platform parse_platform(std::string_view text);

/// Go's names for os, architecture and variant ("linux", "arm64", "").
Platform normalize(Platform platform);

/// "os/arch[/variant]"; "unknown" without an os.
std::string format_platform(const Platform& platform);
/// As format_platform, with version and features of the os in parentheses when there are any.
std::string format_platform_all(const Platform& platform);

/// Member order as the OCI specification's own Go types: architecture, os, os.version, …
base::Json to_json(const Platform& platform);
/// Throws invalid_argument when a member has another type than text (or a list of texts).
Platform platform_from_json(const base::Json& json);

/// What a wanted platform accepts, best first.
class PlatformMatcher {
 public:
  /// Everything the wanted machine can run.
  static PlatformMatcher runs_on(const Platform& wanted);
  /// The platform itself and nothing else.
  static PlatformMatcher strict(const Platform& wanted);

  bool matches(const Platform& candidate) const { return rank(candidate).has_value(); }
  /// Position in the list of preferences; 0 is best, nothing is no match.
  std::optional<std::size_t> rank(const Platform& candidate) const;
  /// The best candidate; the first of equals. Nothing when none matches.
  std::optional<std::size_t> choose(const std::vector<Platform>& candidates) const;

 private:
  explicit PlatformMatcher(std::vector<Platform> accepted) : accepted_(std::move(accepted)) {}
  std::vector<Platform> accepted_;
};

}  // namespace oci
