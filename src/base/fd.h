// SPDX-License-Identifier: Apache-2.0
#pragma once
// File descriptors that close themselves, and whole reads and writes on them.
// All opens in this project pass O_CLOEXEC.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace base {

/// Owns a file descriptor; -1 means none. Closing ignores errors: what must reach the disk is
/// synced before (see sync_fd).
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

/// A close-on-exec pipe.
Pipe make_pipe();

/// A duplicate, close-on-exec.
Fd duplicate(int fd);

/// Reads until `size` bytes or end of file; returns the bytes read. Throws on errors, retries EINTR.
std::size_t read_up_to(int fd, void* buffer, std::size_t size);
/// As read_up_to at an offset, without moving the file position.
std::size_t read_at(int fd, void* buffer, std::size_t size, std::uint64_t offset);

/// Everything until end of file; throws out_of_range beyond `limit` bytes.
std::string read_all(int fd, std::size_t limit = SIZE_MAX);

void write_all(int fd, std::string_view bytes);
void write_all(int fd, std::span<const std::byte> bytes);

/// fsync; throws.
void sync_fd(int fd);

}  // namespace base
