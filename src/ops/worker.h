// SPDX-License-Identifier: Apache-2.0
#pragma once
// The builder's side of the helper: started when the first step needs it, then asked for everything
// that needs mounts or mapped ids. What the methods do is in methods.h.
//
// Threads: any.
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string_view>

#include "base/json.h"
#include "sandbox/helper.h"
#include "snapshot/snapshotter.h"

namespace ops {

class Worker {
 public:
  using Start = std::function<std::unique_ptr<sandbox::Helper>()>;
  /// `driver` is told with every request.
  Worker(Start start, snapshot::Driver driver) : start_(std::move(start)), driver_(driver) {}

  /// Runs a method in the helper, starting it first if need be.
  sandbox::Reply call(std::string_view method, const base::Json& params, std::span<const int> fds = {},
                      const std::stop_token& stop = {});

  void set_driver(snapshot::Driver driver) { driver_ = driver; }

  /// The running helper; starts it if need be.
  sandbox::Helper& helper();

 private:
  Start start_;
  snapshot::Driver driver_;
  std::mutex mutex_;
  std::unique_ptr<sandbox::Helper> helper_;
};

}  // namespace ops
