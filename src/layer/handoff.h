// SPDX-License-Identifier: Apache-2.0
#pragma once
// Handoff: bytes that one thread writes and another one reads, for code that must read a stream
// which arrives by calls of write().
//
// Two buffers of 256 KiB: one is filled while the other one is read.
#include <condition_variable>
#include <mutex>
#include <string>

#include "layer/stream.h"

namespace layer {

class Handoff final : public Source {
 public:
  /// The writing thread. Waits for room; what is written after close() goes nowhere.
  void give(std::span<const std::byte> bytes);
  /// The writing thread: nothing follows. Waits for room as give() does.
  void end();

  /// The reading thread. Waits for bytes; 0 after end().
  std::size_t read(std::span<std::byte> buffer) override;
  /// The reading thread: it will read no more.
  void close();

 private:
  void pass(std::unique_lock<std::mutex>& lock);

  std::string filling_;  ///< the writer's own

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string ready_;  ///< what is to be read next
  std::size_t taken_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace layer
