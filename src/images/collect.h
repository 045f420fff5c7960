// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the store holds, and getting rid of what is not needed.
//
// Images stay, always: only removing their names frees their blobs. The prune functions want the store
// for themselves, so that nothing they look at is about to be used (see cli's StoreAccess). Whatever
// they stop at, killed or failed, the rest is garbage that the next run removes: records go before
// what they speak of, and the safe copy of the records goes first of all.
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "images/image_store.h"
#include "snapshot/snapshotter.h"
#include "store/store.h"

namespace images {

struct DiskUsage {
  std::uint64_t records = 0;      ///< steps that are remembered
  std::uint64_t layers = 0;       ///< layer directories
  std::uint64_t layer_bytes = 0;  ///< file content in them, as recorded
  std::uint64_t image_bytes = 0;  ///< blobs that named images need
  std::uint64_t cache_bytes = 0;  ///< other blobs
  std::uint64_t blobs = 0;
  std::uint64_t ingest_bytes = 0;  ///< unfinished downloads and exports
};

DiskUsage disk_usage(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots);

struct Pruned {
  std::uint64_t records = 0;
  std::uint64_t layers = 0;
  std::uint64_t layer_bytes = 0;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t leftovers = 0;  ///< unfinished files, and locks of dead processes
};

struct PruneOptions {
  /// Removes a tree that may hold files of other owners (rootless: through the helper).
  std::function<void(const std::string& path)> remove_tree;
  /// How long prune_unused() keeps an unfinished download, so that it can be resumed.
  base::Nanos keep_ingests = 24 * 3600 * base::kSecond;
};

/// Forgets every step and removes every layer directory, cache mount, git clone and every blob that
/// no named image needs.
Pruned prune_all(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots,
                 const PruneOptions& options = {});

/// Removes what neither an image nor a remembered step needs: layer directories that no record names,
/// blobs of no image and no kept layer, leftovers of dead processes.
Pruned prune_unused(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots,
                    const PruneOptions& options = {});

}  // namespace images
