// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keeping the store within the size it was told: which parts of the build cache go first, and their removal.
//
//     auto plan = images::plan_eviction(world, {.limit = 500 * 1000 * 1000});
//     for (const auto& part : plan.parts) …                       // what --explain prints
//     images::evict(world, plan);
//
// Counted is everything below the store but the blobs of named images. What nobody could use goes first: layers that no
// record names, blobs of no layer. Then steps, by what they cost to have again: the time the step took, per byte that
// its going frees, and per second since it was last used. A step whose layers other records still stand on frees
// nothing, and goes only after those. Cache mounts and git clones count as quick to have again (kRefill).
//
// Other builds may run: what they have leased stays (snapshot::Snapshotter). Blobs that belong to nothing yet may be on
// their way into an image: young ones stay, unless the caller says that it is alone; so do cache mounts.
// Failure: base::Error; whatever it stops at, the rest is garbage that the next run removes.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "images/image_store.h"
#include "snapshot/snapshotter.h"
#include "store/store.h"

namespace images {

struct EvictionWorld {
  store::Store& store;
  const ImageStore& images;
  snapshot::Snapshotter& snapshots;
  /// Bytes on the disk of each of some directories (rootless: asked of the helper).
  std::function<std::vector<std::uint64_t>(const std::vector<std::string>&)> measure;
  /// Removes a tree that may hold files of other owners.
  std::function<void(const std::string& path)> remove_tree;
  bool alone = false;  ///< no other process uses the store
  base::Nanos now = base::system_clock().now();
};

/// One thing that can go.
struct EvictionPart {
  enum class Kind : std::uint8_t { garbage, step, cache_mount, git } kind = Kind::garbage;
  std::string name;                       ///< for people: a step's title, a cache mount's id
  std::string id;                         ///< record id, or a path below the store
  std::uint64_t bytes = 0;                ///< that its going frees, those before it gone
  base::Nanos took = 0;                   ///< what it takes to have it again
  base::Nanos idle = 0;                   ///< since it was last used
  bool leased = false;                    ///< a running build needs it
  std::vector<snapshot::LayerId> layers;  ///< that go with it
  /// Seconds to have it again, per megabyte and per minute that it lay idle: the lowest goes first.
  double worth() const;
};

struct EvictionPlan {
  std::uint64_t limit = 0;
  std::uint64_t used = 0;           ///< counted bytes now
  std::uint64_t image_bytes = 0;    ///< blobs of named images, not counted
  std::vector<EvictionPart> parts;  ///< what goes, in that order
  std::vector<EvictionPart> kept;   ///< what stays, the least worth first
  std::uint64_t freed() const;
};

/// Bytes that count, without a plan; sizes that nobody knew are measured and remembered.
std::uint64_t counted_bytes(const EvictionWorld& world);

struct EvictionWish {
  std::uint64_t limit = 0;  ///< bytes that may stay
  base::Nanos idle = 0;     ///< what was used since then stays anyway
};

/// What has to go. Changes nothing.
EvictionPlan plan_eviction(const EvictionWorld& world, const EvictionWish& wish);

/// Removes what the plan says, but for what a build has leased since. Returns the bytes that went.
std::uint64_t evict(const EvictionWorld& world, const EvictionPlan& plan);

}  // namespace images
