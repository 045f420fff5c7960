// SPDX-License-Identifier: Apache-2.0
#pragma once
// A mutex that owns its data: `auto locked = table.lock(); locked->insert(x);`
#include <mutex>
#include <utility>

namespace base {

template <typename T>
class Sync {
 public:
  template <typename... Args>
  explicit Sync(Args&&... args) : value_(std::forward<Args>(args)...) {}

  class Lock {
   public:
    T* operator->() const { return value_; }
    T& operator*() const { return *value_; }
    /// For condition variables.
    std::unique_lock<std::mutex>& mutex() { return lock_; }

   private:
    friend class Sync;
    Lock(std::mutex& mutex, T* value) : lock_(mutex), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Lock lock() { return Lock(mutex_, &value_); }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace base
