// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the store holds, and emptying its build cache.
#include <cstdint>

#include "images/image_store.h"
#include "snapshot/snapshotter.h"
#include "store/store.h"

namespace images {

struct DiskUsage {
  std::uint64_t records = 0;      ///< steps that are remembered
  std::uint64_t layers = 0;       ///< layer directories
  std::uint64_t image_bytes = 0;  ///< blobs that named images need
  std::uint64_t cache_bytes = 0;  ///< other blobs
  std::uint64_t blobs = 0;
};

/// Sizes of blobs; of layer directories the number only (their bytes are the file system's to count).
DiskUsage disk_usage(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots);

struct Pruned {
  std::uint64_t records = 0;
  std::uint64_t layers = 0;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
};

/// Forgets every step and removes every layer directory, cache mount, git clone and every blob that
/// no named image needs. The caller holds the store alone (see StoreUse).
Pruned prune_all(store::Store& store, const ImageStore& images, snapshot::Snapshotter& snapshots);

}  // namespace images
