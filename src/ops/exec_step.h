// SPDX-License-Identifier: Apache-2.0
#pragma once
// One RUN with everything it stands on made ready: its mounts, secrets, sockets and locks.
//
//     ExecStep step(vertex, services, inputs, {}, stop);
//     step.run(stop);                       // the op's command; its output goes to the events
//     auto results = step.commit(stop);     // what it wrote, as frozen layers; without commit all of it is dropped
//
// Threads: one at a time. Failure: base::Error; run() also for a command that fails.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "llb/definition.h"
#include "ops/active_set.h"
#include "ops/by_hand.h"
#include "ops/proxied_step.h"
#include "ops/services.h"
#include "solve/op.h"

namespace ops {

class ExecStep final : public EnteredStep {
 public:
  /// `made` are the results of the step when it is entered at its end; empty means at its start.
  ExecStep(const base::Digest& vertex, const llb::Op& op, const std::optional<llb::LinuxResources>& resources,
           const Services& services, const std::vector<solve::ResultPtr>& inputs,
           const std::vector<solve::ResultPtr>& made, const std::stop_token& stop);

  void run(const std::stop_token& stop);
  std::vector<solve::ResultPtr> commit(const std::stop_token& stop);
  /// After run(): what a proxied step fetched (proxy/capture.h); null for others.
  const base::Json& fetched() const { return fetched_; }

  const std::vector<std::string>& command() const override { return exec_.meta.args; }
  sandbox::RunResult enter(const Entry& entry, const std::stop_token& stop) override;
  std::vector<solve::ResultPtr> take(const std::stop_token& stop) override { return commit(stop); }

 private:
  base::Json prepare_mount(const llb::Mount& mount, const std::vector<solve::ResultPtr>& inputs,
                           const std::vector<solve::ResultPtr>& made, const std::stop_token& stop);
  std::string cache_directory(const llb::CacheOpt& cache, const snapshot::Chain& seed, const std::stop_token& stop);
  base::Json ssh_mount(const llb::SshOpt& ssh);
  base::Json secret_mount(const llb::SecretOpt& secret) const;
  base::Json secret_values() const;
  base::Json limits() const;
  void forward(int fd, int stream);
  void check(const sandbox::RunResult& result, const std::vector<std::string>& refusals) const;
  bool is_in_proxied_network() const { return services_.proxy != nullptr && is_proxied(exec_); }
  /// The request to the helper, with a proxy beside it where the step has one.
  sandbox::RunResult call_exec(base::Json params, std::vector<int> fds, const std::stop_token& stop);

  base::Digest vertex_;
  llb::Op op_;
  const llb::ExecOp& exec_;
  std::optional<llb::LinuxResources> resources_;
  const Services& services_;
  ActiveSet active_;
  std::map<std::int64_t, std::size_t> writable_;  ///< output → index in `active_`
  std::vector<std::unique_ptr<SshSocket>> sockets_;
  std::vector<base::FileLock> caches_;  ///< private cache mounts, until the step is dropped
  base::Json params_;
  base::Json fetched_;
  std::vector<std::string> refusals_;  ///< of a policy, in the last call
};

/// Names of the locks of a step's exclusive cache mounts (solve::Op::locks).
std::vector<std::string> cache_mount_locks(const llb::ExecOp& exec);

}  // namespace ops
