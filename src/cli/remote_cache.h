// SPDX-License-Identifier: Apache-2.0
#pragma once
// --cache-from and --cache-to: which caches a build reads, and where its own goes.
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cache/export.h"
#include "cache/imported.h"
#include "cache/spec.h"
#include "cli/house.h"
#include "cli/options.h"
#include "cli/travelling_mounts.h"
#include "ops/result.h"
#include "ops/services.h"
#include "progress/events.h"
#include "solve/engine.h"

namespace cli {

/// A build after its end, as an export of the cache sees it.
struct FinishedBuild {
  solve::Graph graph;
  std::vector<std::optional<solve::Edge>> heads;
  solve::Engine::Outcome outcome;
};

class RemoteCache {
 public:
  /// Reads the flags; throws invalid_argument for what cannot be done.
  explicit RemoteCache(const BuildOptions& options);

  bool exports() const { return !exports_.empty(); }
  const std::vector<cache::ExportSpec>& destinations() const { return exports_; }
  bool is_inline() const;

  /// Adds the caches of --cache-from. One that cannot be read is warned of: the build goes on without it.
  void import_into(cache::ImportingStorage& storage, ImportedMounts& mounts, House& house, progress::Sink& sink,
                   const std::stop_token& stop) const;
  /// Writes the caches of --cache-to.
  void export_all(const FinishedBuild& build, const cache::ImportingStorage& imported, House& house,
                  const ops::Services& services, progress::Sink& sink, const std::stop_token& stop) const;
  /// What the config of an image says of the cache (type=inline): `chain` is the image's, with its layers' diff ids.
  static std::string inline_cache(const FinishedBuild& build, const snapshot::Chain& chain,
                                  const std::vector<base::Digest>& diff_ids);

 private:
  std::vector<cache::ImportSpec> imports_;
  std::vector<cache::ExportSpec> exports_;
};

/// An imported record's result: fetched, unpacked and recorded here when somebody needs it.
solve::ResultPtr imported_result(const base::Json& text, cache::ImportingStorage& storage,
                                 const ops::Services& services, const std::stop_token& stop);

}  // namespace cli
