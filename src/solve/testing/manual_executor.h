// SPDX-License-Identifier: Apache-2.0
#pragma once
// An executor that runs nothing until the test says so, on the test's own thread.
#include <deque>
#include <functional>
#include <utility>

#include "solve/executor.h"

namespace solve::testing {

class ManualExecutor final : public Executor {
 public:
  void post(Pool pool, std::function<void()> task) override { tasks_.emplace_back(pool, std::move(task)); }

  std::size_t waiting() const { return tasks_.size(); }
  std::size_t waiting(Pool pool) const {
    std::size_t count = 0;
    for (const auto& task : tasks_) count += task.first == pool ? 1 : 0;
    return count;
  }

  /// Runs the task posted first; false when there is none.
  bool run_next() { return run_at(0); }
  /// Runs the task posted last.
  bool run_last() { return run_at(tasks_.empty() ? 0 : tasks_.size() - 1); }
  /// Runs the first task of the pool.
  bool run_next(Pool pool) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].first == pool) return run_at(i);
    }
    return false;
  }

 private:
  bool run_at(std::size_t index) {
    if (index >= tasks_.size()) return false;
    auto task = std::move(tasks_[index].second);
    tasks_.erase(tasks_.begin() + static_cast<std::ptrdiff_t>(index));
    task();
    return true;
  }

  std::deque<std::pair<Pool, std::function<void()>>> tasks_;
};

}  // namespace solve::testing
