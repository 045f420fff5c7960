// SPDX-License-Identifier: Apache-2.0
#include "ops/worker.h"

namespace ops {

sandbox::Helper& Worker::helper() {
  const std::lock_guard lock(mutex_);
  if (!helper_) helper_ = start_();
  return *helper_;
}

sandbox::Reply Worker::call(std::string_view method, const base::Json& params, std::span<const int> fds,
                            const std::stop_token& stop) {
  base::Json request = params;
  request.set("driver", snapshot::driver_name(driver_));
  return helper().call(method, request, fds, stop);
}

}  // namespace ops
