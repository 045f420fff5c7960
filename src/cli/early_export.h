// SPDX-License-Identifier: Apache-2.0
#pragma once
// Caches of mode=max begin to leave while the build still runs: the layers of each step that ran are made into blobs,
// and sent where a registry is to have them. What remains for the end of the build is what came last, and the
// documents that name it all.
//
// Nothing here fails a build: what could not be done is done again at its end, where it is reported. A destination that
// failed is left alone until then.
#include <atomic>
#include <memory>
#include <set>
#include <stop_token>
#include <vector>

#include "base/task.h"
#include "cache/spec.h"
#include "cli/house.h"
#include "ops/export_layers.h"
#include "ops/services.h"
#include "solve/op.h"

namespace cli {

/// How the layers of a cache are to be written.
ops::ExportOptions layer_options(const cache::ExportSpec& spec);

class EarlyExport {
 public:
  /// held: blobs are made here, and nothing leaves before the build has ended well.
  enum class Sending : bool { held, at_once };
  /// `stop`: of the build. House and services outlive it.
  EarlyExport(const std::vector<cache::ExportSpec>& specs, Sending sending, House& house, const ops::Services& services,
              std::stop_token stop);
  /// Gives up what has not been begun.
  ~EarlyExport();

  /// What a step made. Threads: the engine's. Does not wait.
  void add(const std::vector<solve::ResultPtr>& results);
  /// Whether a layer is on its way.
  bool is_busy() const { return busy_; }
  /// Gives up what has not been begun, and waits for the layer that is on its way.
  void finish();

 private:
  struct Destination {
    ops::ExportOptions options;
    std::string ref;  ///< where blobs go; "": they are made here and go later
    std::unique_ptr<oci::Repository> repository = nullptr;
    std::set<base::Digest> sent = {};
    bool failed = false;
  };

  void send(const snapshot::Chain& chain, const std::stop_token& stop);
  void send_to(Destination& destination, const snapshot::Chain& chain, const std::stop_token& stop);

  House& house_;
  const ops::Services& services_;
  std::vector<Destination> destinations_;  ///< the pool's only thread uses them
  std::atomic<bool> busy_ = false;
  std::atomic<bool> ending_ = false;
  base::ThreadPool pool_{"early export", 1};
  std::unique_ptr<base::TaskGroup> tasks_;
};

}  // namespace cli
