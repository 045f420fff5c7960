// SPDX-License-Identifier: Apache-2.0
#pragma once
// `slipway du` and `slipway prune`: what the store's bytes are for, and getting them back.
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "images/image_store.h"
#include "snapshot/snapshotter.h"
#include "store/gc.h"
#include "store/store.h"

namespace images {

struct UsageLine {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t reclaimable = 0;  ///< bytes that prune(all) would free

  bool operator==(const UsageLine&) const = default;
};

struct DiskUsage {
  UsageLine images;   ///< names; bytes of the blobs they need, each counted once
  UsageLine records;  ///< cache records; bytes of their payloads
  UsageLine layers;   ///< layer directories; bytes of file content
  UsageLine blobs;    ///< blobs that no image needs
  UsageLine ingests;  ///< unfinished downloads

  std::uint64_t total() const { return images.bytes + records.bytes + layers.bytes + blobs.bytes + ingests.bytes; }
};

DiskUsage disk_usage(store::Store& store, const ImageStore& images);

enum class Prune : std::uint8_t {
  unused,  ///< what neither an image, a cache record nor a running process refers to
  all,     ///< the whole build cache: all cache records, and then what only they kept
};

struct PruneReport {
  std::size_t records = 0;
  store::GcReport garbage;
  std::size_t directories = 0;  ///< removed below snapshots/

  std::uint64_t bytes() const { return garbage.blob_bytes + garbage.layer_bytes; }
};

/// Images and what running builds use stay, always.
PruneReport prune(store::Store& store, snapshot::Snapshotter& snapshots, const ImageStore& images, Prune what,
                  const std::stop_token& stop = {});

}  // namespace images
