// SPDX-License-Identifier: Apache-2.0
#pragma once
// Garbage collection: removing what nothing refers to.
//
// Kept are: the given roots (images; see room images), what cache records hold, the blobs of kept
// layers, and what living processes lease. The rest goes, as do leftovers of dead processes:
// temporary files, leases, locks, and ingests that nobody resumed for a day.
//
//     auto report = store::collect_garbage(store, {.blobs = pinned}, {});
//     snapshotter.collect();                       // removes the directories of report.layers
//
// Any number of processes may build meanwhile. A crash leaves garbage for the next run.
#include <cstddef>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/time.h"

namespace store {

class Store;

struct GcRoots {
  std::set<base::Digest> blobs;
  std::set<std::string> layers;
};

enum class Ingests : std::uint8_t { keep_recent, drop_all };

struct GcOptions {
  /// How long an ingest that nobody writes is kept for a resume.
  Ingests ingests = Ingests::keep_recent;
  base::Nanos ingest_age = 24 * 3600 * base::kSecond;
};

struct GcReport {
  std::size_t blobs = 0;  ///< how many were removed
  std::uint64_t blob_bytes = 0;
  std::vector<std::string> layers;  ///< whose records were removed; their directories are now garbage
  std::uint64_t layer_bytes = 0;
  std::size_t leftovers = 0;  ///< files and directories of dead processes
};

GcReport collect_garbage(Store& store, const GcRoots& roots, const GcOptions& options,
                         const std::stop_token& stop = {});

}  // namespace store
