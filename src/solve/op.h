// SPDX-License-Identifier: Apache-2.0
#pragma once
// Op: what a vertex does, as the engine sees it.
//
// The engine knows nothing of files, images or containers. It asks an Op three questions, in this
// order and as few of them as it can:
//
//   cache_map()        what names this step? Always asked, once, for every vertex a target needs.
//   content_digest()   what exactly does it read of that input? Only when no key by identity hits.
//   run()              do it. Only when no key hits at all.
//
// All three may run on a worker thread, never two of them at once for one Op. They throw base::Error
// to fail and base::Cancelled once their stop token asks for it. Nothing here assumes that the work
// happens in this process.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace solve {

/// One output of a step: opaque to the engine, immutable, shared by everyone who uses it.
class Result {
 public:
  virtual ~Result() = default;
};

using ResultPtr = std::shared_ptr<const Result>;

/// What takes a slot while it works. Each pool is bounded (see executor.h).
enum class Pool : std::uint8_t {
  engine,   ///< no slot: at once, on the engine's own thread. Only for what never blocks.
  cpu,      ///< hashing, compression
  disk,     ///< walks, copies, unpacking
  network,  ///< asking registries and servers
  sandbox,  ///< running containers
  wait,     ///< blocks without using anything: other builds, locks
};

/// How one input enters the keys of a step.
struct InputKey {
  /// All that says what is selected of the input (a path, patterns, flags); part of the keys by
  /// identity. Equal selectors on the same input have equal content digests, whatever the op.
  std::string selector;
  /// The step is also found by content_digest() of this input, whatever it came from.
  bool by_content = false;
};

/// What other builders that share caches call a step (cache/config.h): the names of its record, the first being the one
/// that is looked for first, and how each input enters it.
struct CommonKey {
  std::vector<base::Digest> records;
  std::vector<InputKey> inputs;
};

/// What one input's selection is called by us, and by other builders: by each version of them that has a name of its
/// own for it, the newest first.
struct ContentName {
  base::Digest own;
  std::vector<base::Digest> common;
};

/// What an op says about its own key.
struct CacheMap {
  base::Digest digest;           ///< the op without its volatile parts, sources with what they resolved to
  base::Json recipe;             ///< the same, readable; kept with the record so that "why" is a diff
  std::vector<InputKey> inputs;  ///< one per input of the vertex
  /// Nothing named by its definition can be trusted (a local directory): neither this step nor a
  /// consumer is found by a definition key. The step itself is never recorded; within one build an
  /// equal digest still means equal work.
  bool unique = false;
  std::optional<CommonKey> common;

  /// A map whose digest is that of the recipe itself, so that the two cannot disagree.
  static CacheMap of(base::Json recipe, std::vector<InputKey> inputs = {});
};

class Op {
 public:
  virtual ~Op() = default;

  virtual CacheMap cache_map(std::stop_token stop) = 0;

  /// Digest of what this step selects of `input`'s result. Asked only for inputs with by_content.
  virtual base::Digest content_digest(std::size_t input, const Result& result, std::stop_token stop);

  /// The records by which other builders know that content. Asked only where their caches are in use, for inputs that
  /// the common key has by content.
  virtual std::vector<base::Digest> common_content(std::size_t input, const Result& result, std::stop_token stop);

  /// Does the work; one result per output. `inputs` are in the order of the vertex's edges.
  virtual std::vector<ResultPtr> run(const std::vector<ResultPtr>& inputs, std::stop_token stop) = 0;

  /// After run(): names the outcome, so that consumers keyed on this step stay cached when a rerun
  /// changed nothing they can see. Nothing (the default) names the outcome by how it was made.
  virtual std::optional<base::Digest> result_digest(const std::vector<ResultPtr>& results);

  /// After run(): what else is to be kept with its record, as JSON; null for nothing. Asked on the engine's thread.
  virtual base::Json facts() const { return {}; }

  /// Whether same_outcome() is worth asking: never for a step with an effect that its results do not show.
  virtual bool compares_outcome() const { return false; }
  /// After a rerun: whether what it made is, for whoever reads it, what an earlier run on the same inputs made. The
  /// step then keeps the earlier record's id, and consumers keyed on it stay cached.
  virtual bool same_outcome(const std::vector<ResultPtr>& now, const std::vector<ResultPtr>& before,
                            std::stop_token stop);

  /// True when equal inputs give an equal outcome, always (copying files, not running a program): a
  /// rerun that was forced then has no other name than the run before it, and consumers stay cached.
  virtual bool deterministic() const { return false; }

  virtual Pool cache_map_pool() const { return Pool::engine; }
  virtual Pool content_digest_pool() const { return Pool::disk; }
  virtual Pool pool() const { return Pool::disk; }

  /// Names of the locks that run() needs held (exclusive cache mounts). The engine takes them before
  /// run() gets its slot, sorted, and gives them back after it.
  virtual std::vector<std::string> locks() const { return {}; }
};

}  // namespace solve
