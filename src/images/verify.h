// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a store is whole: for `slipway doctor --store`.
//
// Damage is what could fail a build or an image: a database that SQLite finds broken, a recorded layer without its
// directory, a blob with other bytes than its name says, an image with blobs missing. Garbage is what dead processes
// left: it takes room until the next prune and is never used.
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "images/image_store.h"
#include "snapshot/snapshotter.h"
#include "store/store.h"

namespace images {

struct StoreProblem {
  enum class Kind : std::uint8_t { damage, garbage } kind = Kind::damage;
  std::string text;  ///< what is wrong, on what
  std::string fix;
};

struct StoreReport {
  std::uint64_t records = 0;
  std::uint64_t layers = 0;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::vector<StoreProblem> problems;

  bool is_whole() const;
};

/// Reads every blob. The caller has the store alone, so that nothing that is being made looks like garbage.
StoreReport verify_store(store::Store& store, const ImageStore& images, const snapshot::Snapshotter& snapshots,
                         const std::stop_token& stop);

}  // namespace images
