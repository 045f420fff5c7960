// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "progress/error_report.h"

namespace cli {
namespace {

/// One overload per command: the table of the program.
struct Dispatch {
  const std::string& root;

  int operator()(const PrintAndExit& print) const {
    std::fputs(print.text.c_str(), print.code == 0 ? stdout : stderr);
    return print.code;
  }
  int operator()(const BuildOptions& options) const { return run_build(root, options); }
  int operator()(const GraphOptions& options) const { return run_graph(root, options); }
  int operator()(const CheckOptions& options) const { return run_check(root, options); }
  int operator()(const ImagesOptions& options) const { return run_images(root, options); }
  int operator()(const InspectOptions& options) const { return run_inspect(root, options); }
  int operator()(const HistoryOptions& options) const { return run_history(root, options); }
  int operator()(const ImportOptions& options) const { return run_import(root, options); }
  int operator()(const SaveOptions& options) const { return run_save(root, options); }
  int operator()(const LoadOptions& options) const { return run_load(root, options); }
  int operator()(const PullOptions& options) const { return run_pull(root, options); }
  int operator()(const PushOptions& options) const { return run_push(root, options); }
  int operator()(const LoginOptions& options) const { return run_login(options); }
  int operator()(const LogoutOptions& options) const { return run_logout(options); }
  int operator()(const TagOptions& options) const { return run_tag(root, options); }
  int operator()(const RemoveImageOptions& options) const { return run_remove_images(root, options); }
  int operator()(const DiskUsageOptions& options) const { return run_disk_usage(root, options); }
  int operator()(const PruneOptions& options) const { return run_prune(root, options); }
  int operator()(const EvictOptions& options) const { return run_evict(root, options); }
  int operator()(const WhyOptions& options) const { return run_why(root, options); }
  int operator()(const BuildsOptions& options) const { return run_builds(root, options); }
  int operator()(const ShellOptions& options) const { return run_shell(root, options); }
  int operator()(const LockOptions& options) const { return run_lock(root, options); }
  int operator()(const PolicyOptions& options) const { return run_policy(root, options); }
  int operator()(const SizesOptions& options) const { return run_sizes(root, options); }
  int operator()(const ReproduceOptions& options) const { return run_reproduce(root, options); }
  int operator()(const SignOptions& options) const { return run_sign(root, options); }
  int operator()(const VerifyOptions& options) const { return run_verify(root, options); }
  int operator()(const GateOptions& options) const { return run_gate(root, options); }
  int operator()(const SbomOptions& options) const { return run_sbom(root, options); }
  int operator()(const DoctorOptions& options) const { return run_doctor(root, options); }
  int operator()(const VersionOptions&) const { return run_version(); }
};

}  // namespace

int run(const std::vector<std::string>& args) {
  const Invocation invocation = parse_command_line(args);
  for (const auto& note : invocation.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  try {
    return std::visit(Dispatch{invocation.root}, invocation.command);
  } catch (const base::Cancelled&) {
    std::fputs("ERROR: interrupted\n", stderr);
    return kInterrupted;
  } catch (const base::Error& error) {
    std::fputs(progress::error_report(error).c_str(), stderr);
    return error.is_refusal() ? kGateRefused : kFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ERROR: internal error: %s\nplease report this\n", error.what());
    return kFailed;
  }
}

}  // namespace cli
