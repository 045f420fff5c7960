// SPDX-License-Identifier: Apache-2.0
#include "layer/stream.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace layer {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;

}  // namespace

void StringSink::write(std::span<const std::byte> bytes) {
  text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

FdSink::FdSink(int fd) : fd_(fd) {}

void FdSink::write(std::span<const std::byte> bytes) {
  if (buffer_.empty() && bytes.size() >= kPiece) {
    base::write_all(fd_, bytes);
    return;
  }
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (buffer_.size() >= kPiece) finish();
}

void FdSink::finish() {
  base::write_all(fd_, std::string_view(buffer_));
  buffer_.clear();
}

void HashingSink::write(std::span<const std::byte> bytes) {
  hash_.update(bytes);
  size_ += bytes.size();
  next_.write(bytes);
}

std::size_t StringSource::read(std::span<std::byte> buffer) {
  const auto size = std::min(buffer.size(), rest_.size());
  std::memcpy(buffer.data(), rest_.data(), size);
  rest_.remove_prefix(size);
  return size;
}

std::size_t FdSource::read(std::span<std::byte> buffer) {
  return static_cast<std::size_t>(SLIP_SYSCALL(::read(fd_, buffer.data(), buffer.size()), "read"));
}

std::size_t HashingSource::read(std::span<std::byte> buffer) {
  const auto size = from_.read(buffer);
  hash_.update(std::span<const std::byte>(buffer.data(), size));
  size_ += size;
  return size;
}

void drain(Source& from) {
  std::vector<std::byte> buffer(kPiece);
  while (from.read(buffer) != 0) {
  }
}

std::uint64_t copy(Source& from, Sink& to) {
  std::vector<std::byte> buffer(kPiece);
  std::uint64_t total = 0;
  while (const auto size = from.read(buffer)) {
    to.write(std::span<const std::byte>(buffer.data(), size));
    total += size;
  }
  return total;
}

}  // namespace layer
