// SPDX-License-Identifier: Apache-2.0
#include "store/lock.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/task.h"

namespace store {

std::optional<base::FileLock> try_lock_path(const std::string& path) {
  for (;;) {
    auto lock = base::FileLock::try_lock(path);
    if (!lock) return std::nullopt;
    if (lock->is_at(path)) return lock;
  }
}

base::FileLock wait_for_lock(const std::string& path, const std::stop_token& stop) {
  auto pause = std::chrono::milliseconds(1);
  for (;;) {
    if (auto lock = try_lock_path(path)) return std::move(*lock);
    base::throw_if_stopped(stop);
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
}

NamedLock::NamedLock(std::string path, const std::stop_token& stop)
    : path_(std::move(path)), lock_(wait_for_lock(path_, stop)) {}

// Whoever waits finds that the path names another file or none, and takes that one.
NamedLock::~NamedLock() {
  if (lock_.is_at(path_)) ::unlink(path_.c_str());
}

}  // namespace store
