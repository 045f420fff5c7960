// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ctrl-C: the first signal asks the build to stop, the second ends the process at once.
#include <stop_token>
#include <thread>

#include "base/fd.h"

namespace cli {

/// Made before any other thread, so that all of them have the signals blocked; a thread of its own
/// waits for SIGINT, SIGTERM and SIGHUP.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  bool requested() const { return stop_.stop_requested(); }

 private:
  void watch();

  std::stop_source stop_;
  base::Fd signals_;
  base::Pipe end_;
  std::thread thread_;
};

}  // namespace cli
