// SPDX-License-Identifier: Apache-2.0
#pragma once
// The commands, one function each. They return the exit code; base::Error is reported by run().
#include <string>
#include <vector>

#include "cli/options.h"

namespace cli {

int run_build(const std::string& root, const BuildOptions& options);
int run_graph(const std::string& root, const GraphOptions& options);
/// Exit code 1 when there are findings.
int run_check(const std::string& root, const CheckOptions& options);
int run_images(const std::string& root, const ImagesOptions& options);
int run_inspect(const std::string& root, const InspectOptions& options);
int run_history(const std::string& root, const HistoryOptions& options);
int run_import(const std::string& root, const ImportOptions& options);
int run_save(const std::string& root, const SaveOptions& options);
int run_load(const std::string& root, const LoadOptions& options);
int run_login(const LoginOptions& options);
int run_logout(const LogoutOptions& options);
int run_push(const std::string& root, const PushOptions& options);
int run_pull(const std::string& root, const PullOptions& options);
int run_tag(const std::string& root, const TagOptions& options);
int run_remove_images(const std::string& root, const RemoveImageOptions& options);
int run_disk_usage(const std::string& root, const DiskUsageOptions& options);
int run_evict(const std::string& root, const EvictOptions& options);
int run_prune(const std::string& root, const PruneOptions& options);
int run_why(const std::string& root, const WhyOptions& options);
int run_builds(const std::string& root, const BuildsOptions& options);
/// Exit code 1 with --check when the lock file is not what it should be.
int run_lock(const std::string& root, const LockOptions& options);
int run_policy(const std::string& root, const PolicyOptions& options);
int run_sizes(const std::string& root, const SizesOptions& options);
/// Exit code 1 when the two builds differ.
int run_reproduce(const std::string& root, const ReproduceOptions& options);
int run_sign(const std::string& root, const SignOptions& options);
/// Exit code 3 when the image is not signed with the key.
int run_verify(const std::string& root, const VerifyOptions& options);
/// Exit code 3 when the image may not pass.
int run_gate(const std::string& root, const GateOptions& options);
int run_sbom(const std::string& root, const SbomOptions& options);
/// Enters a step of a past build; returns what the shell ended with.
int run_shell(const std::string& root, const ShellOptions& options);
int run_doctor(const std::string& root, const DoctorOptions& options);
int run_version();

/// The whole program: argv without the program's name. Prints errors; never throws.
int run(const std::vector<std::string>& args);

}  // namespace cli
