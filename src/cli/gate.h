// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gates of a build: which ones, whether its images may pass, and the report.
#include <stop_token>
#include <string>
#include <vector>

#include "attest/gates.h"
#include "cli/build_session.h"
#include "cli/export.h"
#include "cli/options.h"

namespace cli {

/// --gate, and the table [gate] of a slipway.toml in the context directory.
attest::Gates wanted_gates(const BuildOptions& options);

/// What stands in an image's way. `first_own` is the first layer that is not the base image's.
std::vector<attest::GateFinding> findings_of(const attest::Gates& gates, const BuiltImage& built, std::size_t first_own,
                                             BuildSession& session, const std::stop_token& stop);

/// What the gate `checked` has against the session's Dockerfile.
std::vector<attest::GateFinding> check_findings(const attest::Gates& gates, BuildSession& session,
                                                const std::stop_token& stop);

/// Writes --gate-report: SARIF for a name in .sarif, JSON otherwise.
void write_gate_report(const std::string& path, const std::vector<attest::GateFinding>& findings,
                       const std::string& dockerfile);

/// Thrown when an image may not pass; ends in exit code kGateRefused.
class GateRefused final : public base::Error {
 public:
  explicit GateRefused(const std::vector<attest::GateFinding>& findings);
  /// For people.
  const std::string& findings() const { return findings_; }

 private:
  std::string findings_;
};

}  // namespace cli
