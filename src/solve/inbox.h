// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one way into a build: workers leave messages here, the owner thread takes them.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace solve {

class Build;

class Inbox {
 public:
  using Message = std::function<void(Build&)>;

  /// From any thread.
  void push(Message message) {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  /// Everything that has arrived, in order of arrival.
  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

  /// Blocks until there is something to take.
  void wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !messages_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Message> messages_;
};

}  // namespace solve
