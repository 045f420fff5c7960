// SPDX-License-Identifier: Apache-2.0
#pragma once
// Package managers in RUN lines: which one is asked to do what, with which packages.
//
//     package_call({"apt-get", "-y", "install", "gcc"})   // {apt, install, packages {"gcc"}}
//
// Only the forms that images use: apt, apk, dnf (also yum, microdnf, tdnf), zypper, pacman, pip.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/shell_calls.h"

namespace dockerfile {

struct PackageCall {
  enum class Manager : std::uint8_t { apt, apk, dnf, zypper, pacman, pip };
  enum class Action : std::uint8_t { update, install, upgrade, remove, clean, other };
  Manager manager = Manager::apt;
  Action action = Action::other;
  std::vector<std::string> packages;  ///< operands as written, versions included
  std::vector<std::string> flags;
  bool from_file = false;  ///< packages come from a file or a command, or are files themselves

  bool is_distclean = false;  ///< a clean that takes the lists, too

  bool has_flag(std::string_view flag) const;
  /// A package's name without version and architecture.
  static std::string_view name_of(std::string_view package);
};

/// Nothing when the call is no package manager's.
std::optional<PackageCall> package_call(const ShellCall& call);

/// A program that makes programs, by the name of its package: compilers, metapackages that bring
/// them, JDKs, build drivers. Libraries, headers and interpreters are not meant.
bool is_build_tool(std::string_view package);

/// Whether a call installs what an application's own manifest lists (npm ci, pip install -r …).
struct ManifestInstall {
  std::string_view tool;       ///< "npm"
  std::string_view manifests;  ///< what it reads: "package.json package-lock.json"
};
std::optional<ManifestInstall> manifest_install(const ShellCall& call);

}  // namespace dockerfile
