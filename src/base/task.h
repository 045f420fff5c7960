// SPDX-License-Identifier: Apache-2.0
#pragma once
// Threads: a pool sized by a resource, and a group of tasks that is joined as one.
//
//     base::ThreadPool pool("disk", 4);
//     base::TaskGroup group(pool, stop);
//     for (auto& layer : layers) group.run([&](std::stop_token stop) { fetch(layer, stop); });
//     group.wait();               // rethrows the first failure, after all have ended
//
// The first failure asks the others to stop. Nothing is ever detached.
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace base {

class ThreadPool {
 public:
  ThreadPool(std::string name, std::size_t threads);
  ~ThreadPool();  ///< runs what is queued, then joins
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// From any thread. A task must not throw. Threads are started when first needed.
  void post(std::function<void()> task);
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class TaskGroup {
 public:
  /// `stop` stops the group from outside.
  TaskGroup(ThreadPool& pool, std::stop_token stop);
  ~TaskGroup();  ///< asks to stop and waits
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void run(std::function<void(std::stop_token)> task);
  /// Waits for all tasks; rethrows the first exception. Must not be called from the same pool
  /// unless the pool has a thread to spare.
  void wait();
  std::stop_token token() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::shared_ptr<std::stop_callback<std::function<void()>>> outer_;
  ThreadPool& pool_;
};

/// Throws Cancelled when a stop was requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace base
