// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gates: what an image must be before it leaves the build.
//
//     attest::Gates gates = attest::parse_gates({"non-root,max-size=200MB", "forbid-package=curl"});
//     auto findings = attest::judge(gates, facts);          // empty: it may pass
//
// non-root            the final user is not root (by number, or a name other than root)
// max-size=SIZE       the image's layers, uncompressed; max-size.STAGE=SIZE what a stage's own steps added
// forbid-package=P    no package of that name in the image ("curl", "npm/left-pad"; * and ? match)
// forbid-license=L    no package whose licence expression names it ("AGPL-*"); licensed: every package declares one
// no-build-tools      no compiler, linker or package manager
// no-setuid           no file with a set-id bit
// no-secrets          no credential in the bytes that the build added (private keys, tokens of known forms, .netrc, …)
// signed-bases=KEY    every base image of a registry is signed with that public key (a PEM file); of several, with each
// checked[=RULES]     no finding of those checks of the Dockerfile (a rule, or buildkit, practice, all; default
// buildkit) pinned-bases        every base image is named by digest, in the Dockerfile or its lock file
//
// Judging is apart from looking, so that every rule has its test. A finding names the rule, the subject and, where it
// is known, the step that brought it in. Failure: invalid_argument for rules that are not known; a gate that cannot be
// judged is a finding, never a pass.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/component.h"
#include "base/json.h"

namespace attest {

struct Gates {
  bool non_root = false;
  std::optional<std::uint64_t> max_size;
  std::map<std::string, std::uint64_t> max_stage_size;
  std::vector<std::string> forbidden_packages;
  std::vector<std::string> forbidden_licenses;
  bool licensed = false;
  bool no_build_tools = false;
  bool no_setuid = false;
  bool no_secrets = false;
  bool pinned_bases = false;
  std::vector<std::string> signed_bases;  ///< files of public keys
  std::vector<std::string> checks;        ///< rules, or groups of them

  bool any() const;
  /// Whether judging needs the packages, or the files of the image.
  bool needs_components() const { return !forbidden_packages.empty() || !forbidden_licenses.empty() || licensed; }
  bool needs_files() const { return no_build_tools || no_setuid || no_secrets; }
};

/// Values of --gate: rules separated by commas; later ones add to earlier ones.
Gates parse_gates(const std::vector<std::string>& values);
/// The table [gate] of a slipway.toml. `name` is the file's, for messages.
Gates parse_gate_file(const std::string& text, const std::string& name);
Gates join(Gates a, const Gates& b);

/// Something in a file, for gates that look at files.
struct NotedFile {
  std::string path;
  std::string what;  ///< "set-user-id", "compiler", "private key"
  std::string step;  ///< that brought it in; "" = unknown or the base image
};

struct GateFacts {
  std::string user;  ///< of the image config
  std::uint64_t size = 0;
  std::map<std::string, std::uint64_t> stage_sizes;
  Components components;
  std::vector<NotedFile> setuid, build_tools, secrets;
  std::vector<std::string> unpinned_bases;
  std::vector<std::string> unsigned_bases;  ///< each with the reason
};

struct GateFinding {
  std::string rule;
  std::string text;
  std::string step;
  int line = 0;  ///< of the Dockerfile; 0 = none
};

std::vector<GateFinding> judge(const Gates& gates, const GateFacts& facts);

/// For people, for programs, and for code scanning services (SARIF 2.1.0; `file` is the Dockerfile's name).
std::string findings_text(const std::vector<GateFinding>& findings);
base::Json findings_json(const std::vector<GateFinding>& findings);
base::Json findings_sarif(const std::vector<GateFinding>& findings, const std::string& file,
                          const std::string& version);

}  // namespace attest
