// SPDX-License-Identifier: Apache-2.0
#pragma once
// The engine: decides what must run, runs it once, says why.
//
//     solve::Engine engine({storage, codec, locks, executor, observer, base::system_clock()});
//     auto results = engine.build(graph, {{.vertex = 7, .output = 0}}, stop);
//
// For every vertex that a target needs it does as little as it can, in this order:
//   1. cache_map() of all of them, concurrently.
//   2. Look up the definition key. A hit ends it: the inputs are never solved.
//   3. Solve the inputs as far as their *records* (recursively the same). Look up the identity key.
//   4. Load the inputs that are keyed by content, take their content digests. Look up the content key.
//   5. Load all inputs, take the locks (no slot is held meanwhile), look up again, since another
//      process may just have built it; run; save the record under all keys it has.
// Records are loaded (decoded) only when a target or a run needs the result itself.
//
// A *forced* vertex (ignore_cache) skips the look-ups; its record gets an id of its own, so that its
// consumers rerun too, except those who find equal content. A step that ran again on the same inputs and made what an
// earlier run made (Op::same_outcome) keeps that run's id, and its consumers stay cached. A record that is there but
// whose result is gone is made again under its old id. Two vertices with equal keys run once.
//
// Threads: build() owns all state of its graph on the calling thread; workers only post into its
// inbox. Several builds may go on at once with one engine; they meet in the locks and the storage as
// two processes do.
// Failure: the first failure stops the rest; once everything running has ended, build() throws it
// (with the digest of the vertex). A requested stop ends in base::Cancelled the same way.
#include <optional>
#include <stop_token>
#include <vector>

#include "base/time.h"
#include "solve/cache_storage.h"
#include "solve/executor.h"
#include "solve/graph.h"
#include "solve/locks.h"
#include "solve/observer.h"

namespace solve {

/// What a build works with; all of it outlives the builds.
struct Services {
  CacheStorage& storage;
  ResultCodec& codec;
  Locks& locks;
  Executor& executor;
  Observer& observer;
  const base::Clock& clock;
};

class Engine {
 public:
  explicit Engine(const Services& services) : services_(services) {}

  /// The results of the targets, in their order. `graph` outlives the call. An op that calls build()
  /// inside its run() must use Pool::wait, or it may wait for its own slot.
  std::vector<ResultPtr> build(const Graph& graph, const std::vector<Edge>& targets, std::stop_token stop);

  struct Outcome {
    std::vector<ResultPtr> results;  ///< of the targets
    /// Per vertex what names its outcome for other builds: of steps that were not looked at, because what uses them was
    /// cached, as far as the storage knows it without reading anything.
    std::vector<std::optional<Record>> records;
    std::vector<std::vector<ResultPtr>> vertex_results;  ///< per vertex; empty where nobody needed them
    std::vector<std::optional<CommonKey>> common;        ///< per vertex, of those that were looked at
    std::vector<base::Json> facts;                       ///< per vertex, Op::facts() of the run that made it, or null
  };
  /// build(), with what an export of the cache needs.
  Outcome build_with_records(const Graph& graph, const std::vector<Edge>& targets, std::stop_token stop);

 private:
  Services services_;
};

}  // namespace solve
