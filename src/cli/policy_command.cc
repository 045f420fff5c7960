// SPDX-License-Identifier: Apache-2.0
// slipway policy eval | test | json-schema: policies in Rego without a build.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "attest/rego_tests.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "cli/build_session.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "dockerfile/context.h"
#include "progress/display.h"

namespace cli {
namespace {

constexpr std::size_t kMaxPolicy = 16U << 20;

/// What `slipway policy eval` names: as a source of a build.
llb::SourceOp source_named(const std::string& text) {
  llb::SourceOp source;
  if (text.starts_with("docker-image://")) {
    const auto reference = oci::Reference::parse(std::string_view(text).substr(15)).tagged();
    source.identifier = "docker-image://" + reference.str();
    return source;
  }
  llb::Builder builder;
  if (const auto state = dockerfile::git_context(builder, text, {})) {
    return std::get<llb::SourceOp>(llb::parse(state->marshal()).vertices.at(0).op.kind);
  }
  if (text.starts_with("http://") || text.starts_with("https://")) {
    source.identifier = text;
    return source;
  }
  if (!base::exists(text)) {
    base::Error error(base::Code::not_found, base::format("{} is no source and no path of this machine", text));
    error.set_hint("an image is docker-image://NAME");
    throw error;
  }
  source.identifier = "local://context";
  return source;
}

std::string read_input() { return base::read_all(STDIN_FILENO, kMaxPolicy); }

/// Prints the input; of what has to be looked up only the fields that are asked for.
int print_input(const llb::SourceOp& source, const llb::Platform& platform, const PolicyOptions& options,
                attest::SourceFacts& facts, const std::stop_token& stop) {
  attest::KnownSource known;
  std::vector<std::string> wanted;
  for (const auto& text : options.fields) {
    for (const auto& field : base::split(text, ',')) wanted.push_back(field);
  }
  std::vector<std::string> unknown;
  rego::Value input;
  for (std::size_t i = 0; i <= wanted.size(); ++i) {
    unknown.clear();
    input = attest::known_part(attest::policy_input(source, platform, {}, known), unknown);
    if (i == wanted.size()) break;
    const auto name = wanted[i].starts_with("input.") ? wanted[i].substr(6) : wanted[i];
    if (std::find(unknown.begin(), unknown.end(), name) != unknown.end()) {
      attest::find_out(known, name, source, platform, facts, stop);
    }
  }
  std::printf("%s\n", input.to_json().dump(2).c_str());
  if (!unknown.empty()) std::fprintf(stderr, "not looked up: %s\n", base::join(unknown, ", ").c_str());
  return 0;
}

int run_eval(const std::string& root, const PolicyOptions& options) {
  const Interrupt interrupt;
  const llb::SourceOp source = source_named(options.subject);
  const llb::Platform platform =
      options.platform.empty() ? llb::host_platform() : llb::normalize(llb::parse_platform(options.platform));
  BuildOptions build;
  build.context = ".";
  build.no_lock = true;
  build.offline = options.offline;
  build.policies = {{.disabled = true}};
  progress::DisplayOptions quiet;
  quiet.mode = progress::Mode::quiet;
  const auto display = progress::start_display(quiet);
  BuildSession session(root, build, *display);
  if (options.print) return print_input(source, platform, options, session.facts(), interrupt.token());
  const bool is_stdin = options.file == "-";
  const std::string path = options.file + ".rego";
  const std::string name = is_stdin ? "stdin" : std::string(base::base_name(path));
  const auto files = PolicyFiles::local(".");
  attest::RegoEnvironment environment;
  environment.filename = is_stdin ? "stdin" : base::base_name(options.file);
  attest::RegoPolicy policy(
      name, {{name, is_stdin ? read_input() : base::read_file(path, kMaxPolicy)}},
      [files](const std::string& file) { return files.read(file); }, environment);
  policy.set_log([](attest::RegoPolicy::Level level, const std::string& line) {
    if (level == attest::RegoPolicy::Level::info) std::fprintf(stderr, "%s\n", line.c_str());
  });
  const auto verdict = policy.judge(source, platform, session.facts(), interrupt.token());
  display->finish();
  if (!verdict.allowed) {
    std::printf("denied: %s\n", source.identifier.c_str());
    for (const auto& message : verdict.messages) std::printf("  %s\n", message.c_str());
    return kGateRefused;
  }
  std::printf("allowed: %s%s%s\n", source.identifier.c_str(), verdict.pin.empty() ? "" : " as ", verdict.pin.c_str());
  return 0;
}

/// The test file, or those of the directory.
std::vector<std::string> test_files(const std::string& path) {
  constexpr std::string_view kEnd = "_test.rego";
  const auto info = base::stat_if_exists(path);
  if (!info) base::fail(base::Code::not_found, "there is no {}", path);
  if (!S_ISDIR(info->st_mode)) return {path};
  std::vector<std::string> files;
  for (const auto& name : base::list_directory(path)) {
    if (name.ends_with(kEnd)) files.push_back(base::join_path(path, name));
  }
  if (files.empty()) base::fail(base::Code::not_found, "{} has no file whose name ends with {}", path, kEnd);
  return files;
}

int run_tests(const PolicyOptions& options) {
  const std::string policy = options.filename + ".rego";
  std::vector<rego::ModuleText> modules{{policy, base::read_file(policy, kMaxPolicy)}};
  for (const auto& file : test_files(options.subject)) modules.push_back({file, base::read_file(file, kMaxPolicy)});
  const auto files = PolicyFiles::local(".");
  const auto results = attest::run_policy_tests(
      std::move(modules), [files](const std::string& file) { return files.read(file); }, options.run);
  if (results.empty()) base::fail(base::Code::not_found, "there is no test (a rule named test_…)");
  std::size_t failed = 0;
  for (const auto& result : results) {
    for (const auto& line : result.printed) std::printf("%s\n", line.c_str());
    const std::string why = result.error.empty() ? "" : " (" + result.error + ")";
    std::printf("%s: %s%s\n", result.name.c_str(), result.passed ? "PASS" : "FAIL", why.c_str());
    if (!result.passed) ++failed;
  }
  std::printf("%zu passed, %zu failed\n", results.size() - failed, failed);
  return failed == 0 ? 0 : kFindings;
}

}  // namespace

int run_policy(const std::string& root, const PolicyOptions& options) {
  if (options.action == "json-schema") {
    std::fputs(attest::policy_input_schema().c_str(), stdout);
    return 0;
  }
  if (options.subject.empty()) {
    std::fprintf(stderr, "slipway policy %s: %s is missing\n", options.action.c_str(),
                 options.action == "eval" ? "a source" : "a test file or directory");
    return kUsage;
  }
  return options.action == "eval" ? run_eval(root, options) : run_tests(options);
}

}  // namespace cli
