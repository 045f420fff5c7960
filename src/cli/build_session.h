// SPDX-License-Identifier: Apache-2.0
#pragma once
// One build in this process: the objects that live as long as it does, and its steps in order.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/build_events.h"
#include "cli/cache_budget.h"
#include "cli/contexts.h"
#include "cli/early_export.h"
#include "cli/export.h"
#include "cli/gateway.h"
#include "cli/house.h"
#include "cli/image_admission.h"
#include "cli/options.h"
#include "cli/remote_cache.h"
#include "cli/source_facts.h"
#include "cli/source_locks.h"
#include "cli/source_policies.h"
#include "dockerfile/check.h"
#include "ops/proxied_step.h"
#include "ops/record_storage.h"
#include "ops/result.h"
#include "solve/engine.h"

namespace cli {

class BuildSession {
 public:
  /// `sink` outlives the session.
  BuildSession(const std::string& root, const BuildOptions& options, progress::Sink& sink);
  ~BuildSession();

  /// Reads the Dockerfile and makes the graphs of one stage ("" = the last); builds nothing but what
  /// the frontend looks into.
  dockerfile::BuildResult plan(const std::string& stage, const std::stop_token& stop);
  /// Looks at the Dockerfile with those rules; builds as little as plan().
  dockerfile::CheckReport check(const dockerfile::RuleChoice& rules, const std::stop_token& stop);
  /// Runs what the images need, as one graph; the results are in their order.
  /// What only the cache knows so far is fetched when `need` says that something will be written out.
  enum class Need : std::uint8_t { nothing, filesystems };
  std::vector<BuiltImage> build(const std::vector<dockerfile::PlatformImage>& images, Need need,
                                const std::stop_token& stop);
  /// Stands in a step (its digest in those images' graphs), as it is at its start or its end; builds what that needs.
  enum class At : std::uint8_t { start, end };
  std::unique_ptr<ops::EnteredStep> enter(const std::vector<dockerfile::PlatformImage>& images,
                                          const base::Digest& vertex, At at, const std::stop_token& stop);
  /// What people do by hand with the steps of this build.
  ops::ByHand& by_hand() { return by_hand_; }
  /// From now on build() also says what the images' COPY --from took from.
  void keep_stages() { keeps_stages_ = true; }
  /// The same, with what BUILDKIT_SBOM_SCAN_STAGE and _CONTEXT want to have scanned, and don't.
  void keep_scan_trees() { keeps_stages_ = keeps_scan_trees_ = true; }
  /// From now on nothing leaves before export_cache(): what is built may still be refused.
  void hold_back() { holds_back_ = true; }
  /// After build(): writes the caches of --cache-to.
  void export_cache(const std::stop_token& stop);
  /// When everything was written: notes what was used, and keeps the store within --cache-max.
  void settle();

  /// Names of the Dockerfile's stages; the last one has "" where it has no name.
  std::vector<std::string> stage_names(const std::stop_token& stop);
  /// The config of an image that is there, or is pulled.
  std::string config_of(const std::string& name, const std::string& platform, const std::stop_token& stop);
  /// Where the lock file of this build is, or would be; "" = nowhere.
  std::string lock_path() const { return cli::lock_path(options_, contexts_); }
  /// From now on instead of the lock file beside the Dockerfile.
  void use_lock(ops::SourceLock lock) { lock_ = std::move(lock); }

  dockerfile::Gateway& gateway() { return gateway_; }
  const attest::BuildPolicies& policies() const { return policies_; }
  /// After build(), with --proxy-network: what the steps fetched, by their digests.
  const std::map<base::Digest, proxy::Seen>& fetched() const { return fetched_; }
  attest::SourceFacts& facts() { return facts_; }
  /// Digests of the texts of all policies.
  std::vector<std::string> policy_digests() const;
  House& house() { return house_; }
  BuildHistory& history() { return history_; }
  const std::string& id() const { return id_; }
  /// The whole output of the step that failed, or "".
  std::string log_of(const base::Error& error) const;
  const ops::Services& services() const { return services_; }
  BuildEvents& events() { return events_; }

  /// The build's wishes as the frontend takes them.
  dockerfile::FrontendOpts frontend_opts() const;

 private:
  /// Reads the policies in Rego, which for a remote context means to fetch it; once, before any source is asked about.
  void load_policies(const std::stop_token& stop);
  class KnownNames;

  const BuildOptions& options_;
  House house_;
  CacheBudget budget_;
  ImportedMounts mounts_;
  BuildContexts contexts_;
  BuildEvents events_;
  ops::BuildSettings settings_;
  ops::ContextIndex known_files_;
  ops::SshForwards ssh_;
  ops::Secrets secrets_;
  ops::ByHand by_hand_;
  ops::SourcePins pins_;
  attest::BuildPolicies policies_;
  PolicyAdmission admission_;
  ops::SourceLock lock_;
  std::unique_ptr<KnownNames> known_;
  ops::ImageResolver images_;
  std::unique_ptr<ops::ProxyNetwork> proxy_;
  ops::Services services_;
  LiveFacts facts_;
  ops::RecordStorage records_;
  ops::Listings listings_;
  ops::Explainer explainer_;
  BuildHistory history_;
  std::string id_;
  StepLogs logs_;
  RemoteCache remote_cache_;
  cache::ImportingStorage all_records_;
  std::stop_token stop_;  ///< of the build under way
  bool has_policies_ = false;
  bool keeps_stages_ = false;
  bool holds_back_ = false;
  bool keeps_scan_trees_ = false;
  std::map<base::Digest, proxy::Seen> fetched_;
  ops::ChainCodec codec_;
  std::optional<FinishedBuild> finished_;
  ops::StoreLocks locks_;
  solve::ThreadExecutor executor_;
  solve::Engine engine_;
  EngineGateway gateway_;
  std::optional<EarlyExport> early_;
};

}  // namespace cli
