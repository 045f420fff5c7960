// SPDX-License-Identifier: Apache-2.0
#include "solve/executor.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/task.h"

namespace solve {

Limits Limits::for_cpus(std::size_t cpus) {
  cpus = std::max<std::size_t>(cpus, 1);
  Limits limits;
  limits.cpu = cpus;
  limits.disk = std::max<std::size_t>(cpus, 4);
  limits.sandbox = std::max<std::size_t>(cpus, 2);
  return limits;
}

struct ThreadExecutor::State {
  explicit State(const Limits& limits)
      : cpu("cpu", limits.cpu),
        disk("disk", limits.disk),
        network("network", limits.network),
        sandbox("sandbox", limits.sandbox),
        wait("wait", limits.wait) {}

  base::ThreadPool cpu;
  base::ThreadPool disk;
  base::ThreadPool network;
  base::ThreadPool sandbox;
  base::ThreadPool wait;
};

ThreadExecutor::ThreadExecutor(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
ThreadExecutor::~ThreadExecutor() = default;

void ThreadExecutor::post(Pool pool, std::function<void()> task) {
  switch (pool) {
    case Pool::cpu: return state_->cpu.post(std::move(task));
    case Pool::disk: return state_->disk.post(std::move(task));
    case Pool::network: return state_->network.post(std::move(task));
    case Pool::sandbox: return state_->sandbox.post(std::move(task));
    case Pool::wait: return state_->wait.post(std::move(task));
    case Pool::engine: break;
  }
  SLIP_CHECK(pool != Pool::engine);
}

}  // namespace solve
