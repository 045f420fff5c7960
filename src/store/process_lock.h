// SPDX-License-Identifier: Apache-2.0
#pragma once
// Locks between processes (and threads) by name.
//
// A lock is a flock on locks/<hash of the name>. The kernel drops it when its holder dies, whatever
// the cause; whoever waits then goes on. The file disappears with the lock: who gets hold of a file
// that is no longer the one in the directory tries again.
//
// Order, to be kept by everyone who takes more than one: cache mounts sorted by id, then the step,
// then a sandbox slot; no slot is held while waiting for a lock.
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace store {

/// A held lock. Released with the object or the process.
class ProcessLock {
 public:
  /// Waits; throws Cancelled when a stop is requested. `directory` exists.
  static ProcessLock wait(const std::string& directory, std::string_view name, const std::stop_token& stop);
  /// Nothing while somebody else holds it.
  static std::optional<ProcessLock> try_lock(const std::string& directory, std::string_view name);
  /// Removes files of dead holders; returns how many.
  static std::size_t collect(const std::string& directory);

  ProcessLock(ProcessLock&&) noexcept = default;
  ProcessLock& operator=(ProcessLock&& other) noexcept;
  ~ProcessLock() { release(); }
  void release();

 private:
  ProcessLock(base::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static std::optional<ProcessLock> try_path(const std::string& path);
  base::Fd fd_;
  std::string path_;
};

}  // namespace store
