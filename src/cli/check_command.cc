// SPDX-License-Identifier: Apache-2.0
// slipway check.
#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "cli/build_session.h"
#include "cli/check_report.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "progress/display.h"
#include "progress/error_report.h"

namespace cli {
namespace {

/// Where the Dockerfile lies, from here; its bare name when it came from elsewhere.
std::string path_of(const BuildOptions& build, const std::string& filename) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = filename;
  if (!build.file.empty() && build.file != "-") {
    path = build.file;
  } else if (build.file.empty() && fs::is_directory(build.context, error)) {
    path = fs::path(build.context) / filename;
  }
  const auto near = fs::proximate(path, error);
  return error ? path.native() : near.native();
}

std::string formatted(const dockerfile::CheckReport& report, const CheckOptions& options, const BuildOptions& build) {
  if (options.format == "json") return check_json(report);
  if (options.format == "sarif") return check_sarif(report, path_of(build, report.filename));
  return check_text(report);
}

}  // namespace

int run_check(const std::string& root, const CheckOptions& options) {
  const Interrupt interrupt;
  dockerfile::RuleChoice rules;
  try {
    rules = dockerfile::RuleChoice::parse(options.rules, options.skip);
  } catch (const base::Error& error) {
    std::fputs(progress::error_report(error).c_str(), stderr);
    return kUsage;
  }
  BuildOptions build = options.build;
  if (build.context.empty()) build.context = ".";
  // Nothing is built: only what fails is worth a line.
  progress::DisplayOptions quiet;
  quiet.mode = progress::Mode::quiet;
  const auto display = progress::start_display(quiet);
  BuildSession session(root, build, *display);
  const auto report = session.check(rules, interrupt.token());
  display->finish();
  std::fputs(formatted(report, options, build).c_str(), stdout);
  if (report.error) std::fputs(progress::error_report(*report.error).c_str(), stderr);
  if (options.format == "text" && report.findings.empty() && !report.error) {
    std::fputs("Check complete, no warnings found.\n", stdout);
  }
  return report.findings.empty() && !report.error ? 0 : kFindings;
}

}  // namespace cli
