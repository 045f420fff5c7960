// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the engine's work runs: a bounded pool of workers per resource.
#include <array>
#include <cstddef>
#include <functional>
#include <memory>

#include "solve/op.h"

namespace solve {

/// Takes tasks that do not throw. Tests drive one by hand (testing/manual_executor.h).
class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `task` later on a worker of `pool`, which is never Pool::engine. From any thread.
  virtual void post(Pool pool, std::function<void()> task) = 0;
};

/// Slots per pool.
struct Limits {
  std::size_t cpu = 2;
  std::size_t disk = 4;
  std::size_t network = 8;
  std::size_t sandbox = 2;
  std::size_t wait = 64;

  /// What suits a machine with so many CPUs.
  static Limits for_cpus(std::size_t cpus);
};

/// Worker threads, started when first needed. Destruction runs what is queued and joins.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(const Limits& limits);
  ~ThreadExecutor() override;
  void post(Pool pool, std::function<void()> task) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solve
