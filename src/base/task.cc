// SPDX-License-Identifier: Apache-2.0
#include "base/task.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace base {

struct ThreadPool::State {
  std::string name;
  std::size_t limit = 1;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> queue;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  bool closing = false;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      wake.wait(lock, [&] { return closing || !queue.empty(); });
      --idle;
      if (queue.empty()) return;
      auto task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what the task owned goes before the lock is taken again
      lock.lock();
    }
  }
};

ThreadPool::ThreadPool(std::string name, std::size_t threads) : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->limit = threads == 0 ? 1 : threads;
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->wake.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void ThreadPool::post(std::function<void()> task) {
  const std::lock_guard lock(state_->mutex);
  state_->queue.push_back(std::move(task));
  if (state_->idle < state_->queue.size() && state_->threads.size() < state_->limit) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
  state_->wake.notify_one();
}

std::size_t ThreadPool::size() const { return state_->limit; }

struct TaskGroup::State {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t running = 0;
  std::exception_ptr failure;
  std::stop_source stop;
};

namespace {

struct Forward {
  std::stop_source source;
  void operator()() { source.request_stop(); }
};

}  // namespace

TaskGroup::TaskGroup(ThreadPool& pool, std::stop_token stop) : state_(std::make_shared<State>()), pool_(pool) {
  outer_ = std::make_shared<std::stop_callback<std::function<void()>>>(std::move(stop),
                                                                       std::function<void()>(Forward{state_->stop}));
}

TaskGroup::~TaskGroup() {
  state_->stop.request_stop();
  std::unique_lock lock(state_->mutex);
  state_->done.wait(lock, [&] { return state_->running == 0; });
}

void TaskGroup::run(std::function<void(std::stop_token)> task) {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->running;
  }
  pool_.post([state = state_, task = std::move(task)]() mutable {
    std::exception_ptr failure;
    try {
      throw_if_stopped(state->stop.get_token());
      task(state->stop.get_token());
    } catch (...) {
      failure = std::current_exception();
    }
    task = nullptr;
    const std::lock_guard lock(state->mutex);
    if (failure && !state->failure) {
      state->failure = failure;
      state->stop.request_stop();
    }
    if (--state->running == 0) state->done.notify_all();
  });
}

void TaskGroup::wait() {
  std::unique_lock lock(state_->mutex);
  state_->done.wait(lock, [&] { return state_->running == 0; });
  if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

std::stop_token TaskGroup::token() const { return state_->stop.get_token(); }

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
}

}  // namespace base
