// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the caches of RUN --mount=type=cache lie, and where a new one may come from.
#include <stop_token>
#include <string>

#include "base/digest.h"
#include "store/store.h"

namespace ops {

/// Its files are in "data" below. `name` is the mount's id, with more for seeded and private ones.
inline std::string cache_mount_directory(const store::Store& store, const std::string& name) {
  return store.root() + "/cache-mounts/" + base::sha256(name).hex().substr(0, 32);
}

/// Other machines' caches. Threads: any; the same mount may be asked for twice at once.
class CacheMountSource {
 public:
  virtual ~CacheMountSource() = default;
  /// Fills the directory's "data", which is not there, where something is known for the id. What cannot be had is said
  /// in a warning: a cache mount may always be empty.
  virtual void fill(const std::string& id, const std::string& directory, const std::stop_token& stop) = 0;
};

}  // namespace ops
