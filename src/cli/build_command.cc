// SPDX-License-Identifier: Apache-2.0
// slipway build, slipway graph.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "attest/options.h"
#include "base/error.h"
#include "cli/attestations.h"
#include "cli/build_session.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/enter.h"
#include "cli/exit_codes.h"
#include "cli/frontend_options.h"
#include "cli/gate.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "cli/signing.h"
#include "cli/sizes.h"
#include "cli/targets.h"
#include "output/metadata.h"
#include "progress/display.h"
#include "progress/error_report.h"

namespace cli {
namespace {

std::unique_ptr<progress::Display> make_display(const BuildOptions& options) {
  progress::DisplayOptions display;
  const auto mode = progress::parse_mode(options.quiet ? "quiet" : options.progress);
  if (!mode) {
    base::fail(base::Code::invalid_argument, "invalid --progress {}: want auto, tty, plain, rawjson or quiet",
               options.progress);
  }
  display.mode = *mode;
  return progress::start_display(display);
}

/// Attaches the Dockerfile's lines to an error of a step that does not have them yet.
void locate(base::Error& error, const BuildEvents& events) {
  if (error.source() || error.vertex().empty()) return;
  const auto vertex = base::Digest::parse(error.vertex());
  if (!vertex) return;
  if (auto source = events.source_of(*vertex)) error.set_source(std::move(*source));
}

/// --iidfile, and --metadata-file: one image's facts, or an object of them by stage for several.
void write_reports(const BuildOptions& options, const std::vector<TargetBuild>& targets,
                   const std::vector<Exported>& reports) {
  base::Json by_stage = base::Json::object();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Exported& exported = reports[i];
    if (!exported.image) continue;
    if (!options.iidfile.empty()) output::write_iid_file(options.iidfile, *exported.image);
    by_stage.set(targets[i].name(), output::image_metadata(*exported.image, exported.listed, exported.names));
  }
  if (options.metadata_file.empty()) return;
  output::write_metadata_file(options.metadata_file, targets.size() == 1 ? by_stage[targets.front().name()] : by_stage);
}

/// What cannot be done is refused before anything runs; a flag that is silently ignored would make
/// people trust in something that did not happen.
void check_usage(const BuildOptions& options) {
  if (options.context.empty()) {
    base::Error error(base::Code::invalid_argument, "slipway build needs a context");
    error.set_hint("'slipway build .' builds the current directory");
    throw error;
  }
  parse_call(options);
  attest::parse_wanted(options.attests, options.provenance, options.sbom);
  wanted_gates(options);
  if (!options.sign_key.empty()) read_private_key(options.sign_key);
  RemoteCache flags(options);  // refuses what it cannot do
}

bool wants_id(const BuildOptions& options) {
  return !options.iidfile.empty() || !options.metadata_file.empty() || options.quiet;
}

/// Writes one stage's outputs; returns what --iidfile and --metadata-file say of it.
Exported export_target(const std::vector<BuiltImage>& images, const TargetBuild& target,
                       std::optional<base::Nanos> epoch, BuildSession& session, progress::Sink& sink,
                       const std::stop_token& stop) {
  const BuildOptions& options = target.options;
  Exported report;
  for (const auto& spec : target.outputs) {
    auto exported = export_images(images, spec, options, epoch, session.house(), session.services(), sink, stop);
    if (exported.image && !report.image) report = std::move(exported);
  }
  if (wants_id(options) && !report.image) {
    // Nothing was written that has an id: assemble one all the same, as docker buildx does.
    output::Spec spec;
    spec.type = output::Type::image;
    BuildOptions unnamed = options;
    unnamed.tags.clear();
    output::set_defaults(spec, options.compatibility_version, attested_by(options));
    report = export_images(images, spec, unnamed, epoch, session.house(), session.services(), sink, stop);
  }
  return report;
}

BuildSession::Need what_is_needed(const std::vector<TargetBuild>& targets) {
  for (const auto& target : targets) {
    if (wants_id(target.options)) return BuildSession::Need::filesystems;
    for (const auto& spec : target.outputs) {
      if (spec.type != output::Type::cacheonly) return BuildSession::Need::filesystems;
    }
  }
  return BuildSession::Need::nothing;
}

/// Throws GateRefused, with the findings told and reported.
void pass_gates(const attest::Gates& gates, const BuildOptions& options, const std::vector<BuiltImage>& images,
                BuildSession& session, const std::stop_token& stop) {
  if (!gates.any()) return;
  std::vector<attest::GateFinding> findings = check_findings(gates, session, stop);
  for (const auto& built : images) {
    const std::size_t own = std::min(built.own_layers, built.chain.size());
    auto found = findings_of(gates, built, built.chain.size() - own, session, stop);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  if (!options.gate_report.empty()) write_gate_report(options.gate_report, findings, options.file);
  if (!findings.empty()) throw GateRefused(findings);
}

/// The build from Dockerfile to outputs, all targets as one graph; a report for each target.
std::vector<Exported> build_all(BuildSession& session, const std::vector<TargetBuild>& targets, base::Nanos started,
                                std::string& reports_text, progress::Sink& sink, const std::stop_token& stop) {
  std::vector<dockerfile::BuildResult> plans;
  std::vector<dockerfile::PlatformImage> images;
  for (const auto& target : targets) {
    plans.push_back(session.plan(target.stage, stop));
    images.insert(images.end(), plans.back().images.begin(), plans.back().images.end());
  }
  const BuildOptions& common = targets.front().options;
  const auto wanted = attest::parse_wanted(common.attests, common.provenance, common.sbom);
  const attest::Gates gates = wanted_gates(common);
  if (gates.any() || common.sizes) session.keep_stages();
  if (gates.any() || (wanted.provenance && wanted.provenance->complete_materials)) session.hold_back();
  if (wanted.sbom && wanted.sbom->generator.empty()) session.keep_scan_trees();
  const auto need = gates.any() || common.sizes ? BuildSession::Need::filesystems : what_is_needed(targets);
  auto built = session.build(images, need, stop);
  pass_gates(gates, common, built, session, stop);
  if (need == BuildSession::Need::filesystems) attest_images(wanted, common, session, started, built, stop);
  if (common.sizes) {
    for (const auto& image : built) reports_text += sizes_text(sizes_of_image(image, session, stop));
  }
  auto next = built.begin();
  std::vector<Exported> reports;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::vector<BuiltImage> own(next, next + static_cast<std::ptrdiff_t>(plans[i].images.size()));
    next += static_cast<std::ptrdiff_t>(own.size());
    std::optional<base::Nanos> epoch;
    if (plans[i].source_date_epoch) epoch = *plans[i].source_date_epoch * base::kSecond;
    reports.push_back(export_target(own, targets[i], epoch, session, sink, stop));
  }
  session.export_cache(stop);
  return reports;
}

/// The command line, unless a secret's value is part of it.
std::vector<std::string> arguments_to_keep(BuildSession& session, const BuildOptions& options) {
  const auto& needles = session.services().secrets.needles();
  const bool has_secret = std::any_of(options.arguments.begin(), options.arguments.end(), [&](const auto& argument) {
    return ops::find_secret(argument, needles) != nullptr;
  });
  return has_secret ? std::vector<std::string>() : options.arguments;
}

/// Writes down what the build did, however it ended; `why` and `builds` read it.
void remember(BuildSession& session, const BuildOptions& options, base::Nanos started, std::string outcome) {
  PastBuild build;
  build.id = session.id();
  build.started = started;
  build.ended = base::system_clock().now();
  build.context = options.context;
  build.file = options.file;
  build.tags = options.tags;
  build.targets = options.targets;
  build.arguments = arguments_to_keep(session, options);
  build.directory = std::filesystem::current_path();
  build.outcome = std::move(outcome);
  build.steps = session.events().past_steps();
  session.history().keep(build);
}

void print_failure(progress::Display& display, const base::Error& error, const BuildSession* session) {
  std::fputs(display.error_report(error).c_str(), stderr);
  if (const std::string log = session ? session->log_of(error) : ""; !log.empty()) {
    std::fprintf(stderr, "the step's whole output: %s\n", log.c_str());
  }
}

/// --on-failure=shell: stands in the step that failed. True when what was done there is to be its outcome: `given`
/// then has it.
bool stand_in_failed(BuildSession& session, GivenOutcomes& given, const std::stop_token& stop) {
  auto failed = session.by_hand().take_failed();
  if (!failed) return false;
  const auto result = enter_on_terminal(*failed->step, "", stop);
  if (!result.ok() || !ask("Take what is there now as the outcome of this step, and go on with the build?")) {
    return false;
  }
  given[failed->vertex] = failed->step->take(stop);
  return true;
}

/// One run of the build; `given` are outcomes of steps made by hand. Nothing when it is to be run once more, with what
/// has been added to them.
std::optional<int> build_once(const std::string& root, const BuildOptions& options,
                              const std::vector<TargetBuild>& targets, GivenOutcomes& given,
                              const Interrupt& interrupt) {
  const auto display = make_display(options);
  const base::Nanos started = base::system_clock().now();
  std::unique_ptr<BuildSession> session;
  try {
    session = std::make_unique<BuildSession>(root, options, *display);
    for (const auto& [vertex, results] : given) session->by_hand().give(vertex, results);
    if (options.on_failure == "shell") session->by_hand().keep_failed();
    if (const auto call = parse_call(options)) {
      const auto answer = session->plan(targets.front().stage, interrupt.token()).metadata;
      display->finish();
      return print_answer(*call, answer);
    }
    std::string sizes;
    const auto reports = build_all(*session, targets, started, sizes, *display, interrupt.token());
    write_reports(options, targets, reports);
    remember(*session, options, started, "done");
    session->settle();
    display->finish();
    std::fputs(progress::warnings_report(display->warnings()).c_str(), stderr);
    std::fputs(safe_lines(sizes).c_str(), stderr);
    for (const auto& report : reports) {
      if (options.quiet && report.image) std::printf("%s\n", output::image_id(*report.image).c_str());
    }
    if (targets.front().outputs.empty() && !options.quiet && options.progress != "rawjson") {
      std::fputs("The result is in the build cache only: -t NAME keeps it as an image, -o writes it out.\n", stderr);
    }
    return 0;
  } catch (const base::Cancelled&) {
    if (session) remember(*session, options, started, "interrupted");
    display->finish();
    std::fputs("ERROR: interrupted\n", stderr);
    return kInterrupted;
  } catch (base::Error& error) {
    if (session) {
      locate(error, session->events());
      remember(*session, options, started, "failed");
    }
    display->finish();
    if (const auto* refused = dynamic_cast<const GateRefused*>(&error)) {
      std::fputs(safe_lines(refused->findings()).c_str(), stderr);
      std::fputs(progress::error_report(error).c_str(), stderr);
      return kGateRefused;
    }
    print_failure(*display, error, session.get());
    if (error.is_refusal()) return kGateRefused;
    if (interrupt.requested()) return kInterrupted;
    if (session && stand_in_failed(*session, given, interrupt.token())) return std::nullopt;
    return kFailed;
  }
}

}  // namespace

int run_build(const std::string& root, const BuildOptions& options) { return run_build_with(root, options, {}); }

int run_build_with(const std::string& root, const BuildOptions& as_given, GivenOutcomes given) {
  const BuildOptions options = with_fixed_time(as_given);
  const Interrupt interrupt;
  std::vector<TargetBuild> targets;
  try {
    check_usage(options);
    targets = wanted_targets(options);
  } catch (const base::Error& error) {
    std::fputs(progress::error_report(error).c_str(), stderr);
    return kUsage;
  }
  for (;;) {
    if (const auto code = build_once(root, options, targets, given, interrupt)) return *code;
  }
}

int run_graph(const std::string& root, const GraphOptions& options) {
  const Interrupt interrupt;
  const auto display = make_display(options.build);
  BuildSession session(root, options.build, *display);
  const auto plan = session.plan("", interrupt.token());
  display->finish();
  for (const auto& image : plan.images) {
    const std::string text =
        options.format == "dot" ? llb::dump_dot(image.definition) : llb::dump_text(image.definition);
    std::fputs(text.c_str(), stdout);
  }
  return 0;
}

}  // namespace cli
