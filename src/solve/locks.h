// SPDX-License-Identifier: Apache-2.0
#pragma once
// Named exclusive locks that all processes of one store share, so that equal work runs once.
// A holder that dies loses its locks.
#include <memory>
#include <stop_token>
#include <string>

namespace solve {

/// A held lock; given back by destruction, on any thread.
class Lock {
 public:
  virtual ~Lock() = default;
};

class Locks {
 public:
  virtual ~Locks() = default;
  /// The lock, or nullptr when somebody holds it, this process included. Does not wait.
  virtual std::unique_ptr<Lock> try_lock(const std::string& name) = 0;
  /// Waits on a worker thread; throws base::Cancelled when `stop` asks for it.
  virtual std::unique_ptr<Lock> lock(const std::string& name, std::stop_token stop) = 0;
};

}  // namespace solve
