// SPDX-License-Identifier: Apache-2.0
#include "layer/block_compressor.h"

#include <algorithm>

namespace layer {

BlockCompressor::BlockCompressor(Sink& out, std::size_t block_size, unsigned threads, Compress compress)
    : out_(out), block_size_(block_size), threads_(std::max(1U, threads)), compress_(std::move(compress)) {
  block_.reserve(block_size_);
}

// The pool goes first: its threads use the other members.
BlockCompressor::~BlockCompressor() { pool_.reset(); }

void BlockCompressor::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto size = std::min(bytes.size(), block_size_ - block_.size());
    block_.append(reinterpret_cast<const char*>(bytes.data()), size);
    bytes = bytes.subspan(size);
    if (block_.size() == block_size_) dispatch();
  }
}

void BlockCompressor::cut() {
  if (!block_.empty()) dispatch();
}

void BlockCompressor::dispatch() {
  ++blocks_;
  if (threads_ == 1) {
    out_.write(compress_(block_));
    block_.clear();
    return;
  }
  // One block more than threads, so that none of them waits for us.
  while (jobs_.size() > threads_) write_first();
  if (!pool_) pool_ = std::make_unique<base::ThreadPool>("compress", threads_);
  auto job = std::make_shared<Job>();
  job->in.swap(block_);
  block_.reserve(block_size_);
  jobs_.push_back(job);
  pool_->post([this, job] { run(*job); });
}

void BlockCompressor::run(Job& job) {
  std::string out;
  std::exception_ptr failure;
  try {
    out = compress_(job.in);
  } catch (...) {
    failure = std::current_exception();
  }
  std::string().swap(job.in);  // a finished block waits for its turn without its input
  const std::lock_guard lock(mutex_);
  job.out = std::move(out);
  job.failure = failure;
  job.done = true;
  done_.notify_all();
}

void BlockCompressor::write_first() {
  const auto job = jobs_.front();
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return job->done; });
  }
  jobs_.pop_front();
  if (job->failure) std::rethrow_exception(job->failure);
  out_.write(job->out);
}

void BlockCompressor::finish() {
  while (!jobs_.empty()) write_first();
  if (!block_.empty() || blocks_ == 0) {
    out_.write(compress_(block_));
    ++blocks_;
  }
  block_.clear();
  out_.finish();
}

}  // namespace layer
