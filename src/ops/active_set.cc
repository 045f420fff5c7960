// SPDX-License-Identifier: Apache-2.0
#include "ops/active_set.h"

namespace ops {

std::size_t ActiveSet::prepare(const snapshot::Chain& parent) {
  entries_.push_back({snapshots_.prepare(parent), parent});
  return entries_.size() - 1;
}

const snapshot::Chain& ActiveSet::commit(std::size_t index) {
  Entry& entry = entries_.at(index);
  if (!entry.committed) {
    snapshots_.commit(entry.active, {});
    entry.chain.push_back(entry.active.id());
    entry.committed = true;
  }
  return entry.chain;
}

}  // namespace ops
