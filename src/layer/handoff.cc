// SPDX-License-Identifier: Apache-2.0
#include "layer/handoff.h"

#include <algorithm>
#include <cstring>

namespace layer {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;

}  // namespace

void Handoff::give(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto size = std::min(bytes.size(), kPiece - filling_.size());
    filling_.append(reinterpret_cast<const char*>(bytes.data()), size);
    bytes = bytes.subspan(size);
    if (filling_.size() < kPiece) continue;
    std::unique_lock lock(mutex_);
    pass(lock);
  }
}

void Handoff::pass(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [&] { return taken_ == ready_.size() || closed_; });
  ready_.swap(filling_);
  taken_ = 0;
  filling_.clear();
  changed_.notify_all();
}

void Handoff::end() {
  std::unique_lock lock(mutex_);
  if (!filling_.empty()) pass(lock);
  ended_ = true;
  changed_.notify_all();
}

std::size_t Handoff::read(std::span<std::byte> buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return taken_ < ready_.size() || ended_; });
  const auto size = std::min(buffer.size(), ready_.size() - taken_);
  std::memcpy(buffer.data(), ready_.data() + taken_, size);
  taken_ += size;
  if (taken_ == ready_.size()) changed_.notify_all();
  return size;
}

void Handoff::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace layer
