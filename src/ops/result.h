// SPDX-License-Identifier: Apache-2.0
#pragma once
// Results of ops: a frozen filesystem (a chain of layers), or a live local directory.
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "ops/local_source.h"
#include "snapshot/snapshotter.h"
#include "solve/cache_storage.h"
#include "solve/op.h"

namespace ops {

/// A filesystem made of frozen layers; an empty chain is the empty filesystem.
class SnapshotResult final : public solve::Result {
 public:
  explicit SnapshotResult(snapshot::Chain chain) : chain_(std::move(chain)) {}
  const snapshot::Chain& chain() const { return chain_; }

 private:
  snapshot::Chain chain_;
};

/// A filesystem whose layers are fetched when somebody first needs them: from a remote cache.
class LazyResult final : public solve::Result {
 public:
  using Fetch = std::function<snapshot::Chain()>;
  explicit LazyResult(Fetch fetch) : fetch_(std::move(fetch)) {}
  /// Fetches once; a failure is thrown to everybody who asks. Threads: any, they wait for the first.
  const snapshot::Chain& chain() const;
  /// The chain, if somebody needed it already.
  std::optional<snapshot::Chain> fetched() const;

 private:
  mutable std::mutex mutex_;
  Fetch fetch_;
  mutable std::optional<snapshot::Chain> chain_;
};

/// A directory of the user's, which may change while we look: never recorded, only read.
class LocalResult final : public solve::Result {
 public:
  explicit LocalResult(LocalView view) : view_(std::move(view)) {}
  const LocalView& view() const { return view_; }

 private:
  LocalView view_;
};

solve::ResultPtr make_snapshot_result(snapshot::Chain chain);

/// The chain of a snapshot result, or of a lazy one, which is fetched now. Throws internal for any other kind.
const snapshot::Chain& chain_of(const solve::Result& result);

/// Records name chains by their layer ids; a chain with a layer that is gone decodes to nothing.
class ChainCodec final : public solve::ResultCodec {
 public:
  /// Makes a result of a text that is no list of layers; nullptr when it cannot.
  using Foreign = std::function<solve::ResultPtr(const base::Json& text)>;

  explicit ChainCodec(snapshot::Snapshotter& snapshots, Foreign foreign = {})
      : snapshots_(snapshots), foreign_(std::move(foreign)) {}
  std::string encode(const solve::Result& result) override;
  solve::ResultPtr decode(const std::string& text) override;

 private:
  snapshot::Snapshotter& snapshots_;
  Foreign foreign_;
};

}  // namespace ops
