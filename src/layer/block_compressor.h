// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compressing fixed-size blocks on several threads and writing them in order.
//
// The input is cut every `block_size` bytes, whatever the pieces it comes in, and where cut() says;
// each block is compressed for itself. So the output follows from the input and the cuts alone.
// Each compressed block is one write to `out`.
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/task.h"
#include "layer/stream.h"

namespace layer {

class BlockCompressor final : public Sink {
 public:
  /// Compresses one block; called from several threads at once.
  using Compress = std::function<std::string(const std::string& block)>;

  BlockCompressor(Sink& out, std::size_t block_size, unsigned threads, Compress compress);
  ~BlockCompressor() override;
  BlockCompressor(const BlockCompressor&) = delete;
  BlockCompressor& operator=(const BlockCompressor&) = delete;

  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  /// Ends the block here, unless it is empty.
  void cut();
  /// How many blocks were ended: the number of the block that the next byte goes into.
  std::size_t blocks() const { return blocks_; }
  /// An empty input is one empty block.
  void finish() override;

 private:
  struct Job {
    std::string in;
    std::string out;
    std::exception_ptr failure;
    bool done = false;
  };

  void dispatch();
  void write_first();
  void run(Job& job);

  Sink& out_;
  const std::size_t block_size_;
  const unsigned threads_;
  const Compress compress_;
  std::string block_;
  std::size_t blocks_ = 0;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Job>> jobs_;  ///< in input order; only the owner's thread touches the queue
  std::unique_ptr<base::ThreadPool> pool_;
};

}  // namespace layer
