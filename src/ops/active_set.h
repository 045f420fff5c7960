// SPDX-License-Identifier: Apache-2.0
#pragma once
// The snapshots a step is writing, each with the chain it stands on: thrown away unless committed.
#include <cstddef>
#include <vector>

#include "snapshot/snapshotter.h"

namespace ops {

class ActiveSet {
 public:
  explicit ActiveSet(snapshot::Snapshotter& snapshots) : snapshots_(snapshots) {}

  /// A writable layer over `parent`; returns its number.
  std::size_t prepare(const snapshot::Chain& parent);
  const snapshot::MountSpec& mounts(std::size_t index) const { return entries_.at(index).active.mounts(); }
  /// Freezes the layer (once); the chain with it on top.
  const snapshot::Chain& commit(std::size_t index);

 private:
  struct Entry {
    snapshot::Active active;
    snapshot::Chain chain;  ///< of the parent; once committed, with the layer
    bool committed = false;
  };
  snapshot::Snapshotter& snapshots_;
  std::vector<Entry> entries_;
};

}  // namespace ops
