// SPDX-License-Identifier: Apache-2.0
#pragma once
// Platforms: operating system, architecture and variant, as image indexes and Dockerfiles name them.
//
//     llb::Platform p = llb::parse_platform("linux/arm");     // {os "linux", architecture "arm"}
//     llb::format_platform(llb::normalize(p));                // "linux/arm/v7"
//
// A specifier is `os[(version+feature…)]`, `arch` or `os[(…)]/arch[/variant]`. Aliases (x86_64,
// aarch64, armhf, macos) become the usual names. What is missing is taken from the host.
// Failure: parse_platform throws invalid_argument. Values; any thread.
#include <string>
#include <string_view>
#include <vector>

namespace llb {

struct Platform {
  std::string architecture;
  std::string os;
  std::string os_version;
  std::vector<std::string> os_features;
  std::string variant;
  bool operator==(const Platform&) const = default;
};

/// The platform this program runs on, normalised.
Platform host_platform();

/// Reads a specifier. Throws invalid_argument.
Platform parse_platform(std::string_view specifier);

/// Canonical names for os, architecture and variant; features sorted and without duplicates.
Platform normalize(Platform platform);

/// "os/arch[/variant]"; "unknown" without an os.
std::string format_platform(const Platform& platform);
/// As format_platform, with version and features: "windows(10.0.1+win32k)/amd64".
std::string format_platform_all(const Platform& platform);

}  // namespace llb
