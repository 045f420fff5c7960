// SPDX-License-Identifier: Apache-2.0
#pragma once
// --cache-max: the store kept within a size while it is built in, and afterwards.
//
// Every layer that is made is measured; when what counts is more than the limit, other parts of the cache go at once,
// down to nine tenths of it, so that not every build has to clean up. What running builds need stays (images/evict.h).
// Threads: layer_made() any.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "cli/house.h"
#include "images/evict.h"

namespace cli {

/// The flag's value, else SLIPWAY_CACHE_MAX; nothing for neither. Throws invalid_argument.
std::optional<std::uint64_t> cache_limit(const std::string& flag);

/// The store as eviction needs it.
images::EvictionWorld eviction_world(House& house, bool alone);

class CacheBudget {
 public:
  CacheBudget(House& house, std::optional<std::uint64_t> limit);
  CacheBudget(const CacheBudget&) = delete;
  CacheBudget& operator=(const CacheBudget&) = delete;
  ~CacheBudget();

  /// At the end of a build, when its layers and blobs are written.
  void settle();

 private:
  void layer_made(const snapshot::LayerId& layer);
  void keep_within(bool alone);

  House& house_;
  std::optional<std::uint64_t> limit_;
  std::mutex mutex_;
  std::optional<std::uint64_t> used_;  ///< counted bytes, once they were counted
};

}  // namespace cli
