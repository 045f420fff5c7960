// SPDX-License-Identifier: Apache-2.0
#pragma once
// Locks in memory that several builds ("processes") share; they remember in which order they were taken.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "solve/locks.h"

namespace solve::testing {

class FakeLocks final : public Locks {
 public:
  std::unique_ptr<Lock> try_lock(const std::string& name) override {
    const std::lock_guard guard(state_->mutex);
    if (!state_->held.insert(name).second) return nullptr;
    state_->taken.push_back(name);
    return std::make_unique<Held>(state_, name);
  }

  std::unique_ptr<Lock> lock(const std::string& name, std::stop_token stop) override {
    std::unique_lock guard(state_->mutex);
    const bool free = state_->released.wait(guard, stop, [&] { return !state_->held.contains(name); });
    if (!free) throw base::Cancelled();
    state_->held.insert(name);
    state_->taken.push_back(name);
    return std::make_unique<Held>(state_, name);
  }

  std::set<std::string> held() const {
    const std::lock_guard guard(state_->mutex);
    return state_->held;
  }
  std::vector<std::string> taken() const {
    const std::lock_guard guard(state_->mutex);
    return state_->taken;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable_any released;
    std::set<std::string> held;
    std::vector<std::string> taken;
  };
  class Held final : public Lock {
   public:
    Held(std::shared_ptr<Shared> state, std::string name) : state_(std::move(state)), name_(std::move(name)) {}
    ~Held() override {
      const std::lock_guard guard(state_->mutex);
      state_->held.erase(name_);
      state_->released.notify_all();
    }

   private:
    std::shared_ptr<Shared> state_;
    std::string name_;
  };

  std::shared_ptr<Shared> state_ = std::make_shared<Shared>();
};

}  // namespace solve::testing
