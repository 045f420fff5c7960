// SPDX-License-Identifier: Apache-2.0
#include "cli/gate.h"

#include <cstdio>
#include <numeric>

#include "attest/noted_files.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "cli/attestations.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/only_image.h"
#include "cli/print_line.h"
#include "cli/signing.h"
#include "ops/secrets.h"
#include "progress/display.h"

namespace cli {
namespace {

std::vector<std::uint64_t> sizes_of(const snapshot::Chain& chain, const ops::Services& services,
                                    const std::stop_token& stop) {
  return attest::layer_sizes(services.snapshots.layer_directories(chain), services, stop);
}

std::uint64_t sum(const std::vector<std::uint64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}

/// What the own layers of the image's stages hold, and all of the stages it copies from.
std::map<std::string, std::uint64_t> stage_sizes(const BuiltImage& built, const std::vector<std::uint64_t>& sizes,
                                                 const ops::Services& services, const std::stop_token& stop) {
  std::map<std::string, std::uint64_t> by_stage;
  for (const auto& stage : built.stages) by_stage[stage.name] += sum(sizes_of(stage.chain, services, stop));
  if (sizes.size() < built.layer_stages.size()) return by_stage;
  const std::size_t first = sizes.size() - built.layer_stages.size();
  for (std::size_t i = 0; i < built.layer_stages.size(); ++i) by_stage[built.layer_stages[i]] += sizes[first + i];
  return by_stage;
}

std::vector<std::string> unpinned_bases(const ops::Services& services) {
  std::vector<std::string> names;
  for (const auto& image : services.pins.asked_images()) {
    const auto reference = oci::Reference::parse_if_valid(image.name);
    if (!reference || !reference->digest.empty() || image.kind != "docker-image") continue;
    if (!services.lock.has_image(reference->tagged().str(), image.platform))
      names.push_back(reference->tagged().familiar());
  }
  return names;
}

/// Base images that are not signed with one of the keys, each with the reason. What was made on this machine is in no
/// registry, and nobody can have signed it there.
std::vector<std::string> unsigned_bases(const std::vector<std::string>& key_files, BuildSession& session,
                                        const std::stop_token& stop) {
  std::vector<attest::Trust> trusts;
  for (const auto& file : key_files) trusts.push_back(trust_of_key(file));
  std::vector<std::string> reasons;
  for (const auto& image : session.services().pins.asked_images()) {
    if (image.kind != "docker-image") continue;
    const auto reference = oci::Reference::parse(image.name).tagged();
    try {
      const auto root = session.house().registry().repository(reference)->resolve(image.digest, stop);
      for (const auto& trust : trusts) verify_image(reference, root, trust, session.house(), stop);
    } catch (const base::Error& error) {
      reasons.push_back(reference.familiar() + ": " + error.text());
    }
  }
  return reasons;
}

dockerfile::RuleChoice rules_of(const std::vector<std::string>& checks) {
  return base::with_context([&] { return dockerfile::RuleChoice::parse(base::join(checks, ","), ""); }, "gate checked");
}

/// Values of the build's own secrets, which a pattern would not know.
void add_known_secrets(const BuiltImage& built, std::size_t first_own, const std::vector<std::string>& steps,
                       const ops::Services& services, const std::stop_token& stop, attest::GateFacts& facts) {
  if (services.secrets.empty()) return;
  for (std::size_t i = first_own; i < built.chain.size(); ++i) {
    base::Json params = base::Json::object();
    params.set("directory", services.snapshots.layer_directory(built.chain[i]));
    params.set("needles", ops::to_json(services.secrets.needles()));
    const auto reply = services.worker.call("find_secrets", params, {}, stop);
    for (const auto& found : reply.result["found"].items()) {
      facts.secrets.push_back({found["path"].string_or(""), "holds the value of secret " + found["id"].string_or(""),
                               i < steps.size() ? steps[i] : ""});
    }
  }
}

}  // namespace

attest::Gates wanted_gates(const BuildOptions& options) {
  attest::Gates gates = attest::parse_gates(options.gates);
  if (!gates.checks.empty()) rules_of(gates.checks);  // a rule that is not known is a mistake now, not after the build
  const std::string path = base::join_path(options.context, "slipway.toml");
  constexpr std::size_t kMaxFile = 1U << 20;
  if (options.context == "-" || !base::exists(path)) return gates;
  return attest::join(std::move(gates), attest::parse_gate_file(base::read_file(path, kMaxFile), path));
}

std::vector<attest::GateFinding> check_findings(const attest::Gates& gates, BuildSession& session,
                                                const std::stop_token& stop) {
  std::vector<attest::GateFinding> findings;
  if (gates.checks.empty()) return findings;
  const auto report = session.check(rules_of(gates.checks), stop);
  for (const auto& finding : report.findings) {
    findings.push_back({"checked", finding.rule + ": " + finding.message, "", finding.line()});
  }
  if (report.error) findings.push_back({"checked", report.error->text(), "", 0});
  return findings;
}

std::vector<attest::GateFinding> findings_of(const attest::Gates& gates, const BuiltImage& built, std::size_t first_own,
                                             BuildSession& session, const std::stop_token& stop) {
  const ops::Services& services = session.services();
  attest::GateFacts facts;
  const base::Json config = base::Json::parse(built.image.config);
  facts.user = config["config"]["User"].string_or("");
  if (gates.max_size || !gates.max_stage_size.empty()) {
    const auto sizes = sizes_of(built.chain, services, stop);
    facts.size = sum(sizes);
    facts.stage_sizes = stage_sizes(built, sizes, services, stop);
  }
  if (gates.pinned_bases) facts.unpinned_bases = unpinned_bases(services);
  if (!gates.signed_bases.empty()) facts.unsigned_bases = unsigned_bases(gates.signed_bases, session, stop);
  if (gates.needs_components()) facts.components = components_of(built, session, stop);
  if (gates.needs_files()) {
    const auto steps = steps_of(built);
    auto noted =
        attest::find_noted_files(services.snapshots.layer_directories(built.chain),
                                 services.snapshots.view(built.chain).to_json(), steps, first_own, services, stop);
    facts.setuid = std::move(noted.setuid);
    facts.build_tools = std::move(noted.build_tools);
    facts.secrets = std::move(noted.secrets);
    if (gates.no_secrets) add_known_secrets(built, first_own, steps, services, stop, facts);
  }
  return attest::judge(gates, facts);
}

void write_gate_report(const std::string& path, const std::vector<attest::GateFinding>& findings,
                       const std::string& dockerfile) {
  const base::Json json =
      path.ends_with(".sarif")
          ? attest::findings_sarif(findings, dockerfile.empty() ? "Dockerfile" : dockerfile, SLIPWAY_VERSION)
          : attest::findings_json(findings);
  base::write_file_atomic(path, json.dump(2) + "\n");
}

GateRefused::GateRefused(const std::vector<attest::GateFinding>& findings)
    : base::Error(base::Code::failed_precondition, base::format("the image may not pass: {} finding{}", findings.size(),
                                                                findings.size() == 1 ? "" : "s")),
      findings_(attest::findings_text(findings)) {
  set_hint("nothing was written or pushed");
}

int run_gate(const std::string& root, const GateOptions& options) {
  const Interrupt interrupt;
  const attest::Gates gates = wanted_gates(options.build);
  if (!gates.any()) {
    base::Error error(base::Code::invalid_argument, "no gate was named");
    error.set_hint("--gate non-root,no-secrets …, or the table [gate] of a slipway.toml in this directory");
    throw error;
  }
  const auto display = progress::start_display({});
  std::vector<attest::GateFinding> findings;
  try {
    BuildSession session(root, options.build, *display);
    auto built = session.build({only_image(options.image, options.platform)}, BuildSession::Need::filesystems,
                               interrupt.token());
    built.front().image.config = session.config_of(options.image, options.platform, interrupt.token());
    findings = findings_of(gates, built.front(), 0, session, interrupt.token());
    if (!gates.checks.empty()) {
      findings.push_back({"checked", "an image alone has no Dockerfile that could be looked at", "", 0});
    }
    display->finish();
  } catch (...) {
    display->finish();
    throw;
  }
  if (!options.build.gate_report.empty()) write_gate_report(options.build.gate_report, findings, "");
  std::fputs(safe_lines(attest::findings_text(findings)).c_str(), stdout);
  return findings.empty() ? 0 : kGateRefused;
}

}  // namespace cli
