// SPDX-License-Identifier: Apache-2.0
#pragma once
// Waiting for a file lock that may be deleted while we wait, or asked to stop.
#include <optional>
#include <stop_token>
#include <string>

#include "base/file.h"

namespace store {

/// Takes the lock, or gives nothing when it is held. A lock file may be unlinked by its holder: what
/// was locked counts only while the path still names it.
std::optional<base::FileLock> try_lock_path(const std::string& path);

/// Waits with growing pauses (1 to 50 ms). Throws Cancelled on stop.
base::FileLock wait_for_lock(const std::string& path, const std::stop_token& stop);

/// A lock whose file goes with it.
class NamedLock {
 public:
  /// Waits as wait_for_lock() does.
  NamedLock(std::string path, const std::stop_token& stop);
  ~NamedLock();
  NamedLock(const NamedLock&) = delete;
  NamedLock& operator=(const NamedLock&) = delete;

 private:
  const std::string path_;
  base::FileLock lock_;
};

}  // namespace store
