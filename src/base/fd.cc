// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"

namespace base {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Pipe make_pipe() {
  int ends[2];
  SLIP_SYSCALL(::pipe2(ends, O_CLOEXEC), "create a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

Fd duplicate(int fd) { return Fd(SLIP_SYSCALL(::fcntl(fd, F_DUPFD_CLOEXEC, 0), "duplicate descriptor {}", fd)); }

std::size_t read_up_to(int fd, void* buffer, std::size_t size) {
  auto* out = static_cast<char*>(buffer);
  std::size_t done = 0;
  while (done < size) {
    const auto got = SLIP_SYSCALL(::read(fd, out + done, size - done), "read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::size_t read_at(int fd, void* buffer, std::size_t size, std::uint64_t offset) {
  auto* out = static_cast<char*>(buffer);
  std::size_t done = 0;
  while (done < size) {
    const auto got = SLIP_SYSCALL(::pread(fd, out + done, size - done, static_cast<off_t>(offset + done)), "read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::string read_all(int fd, std::size_t limit) {
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (text.size() - used < 4096) text.resize(std::max<std::size_t>(16384, text.size() * 2));
    const auto got = SLIP_SYSCALL(::read(fd, text.data() + used, text.size() - used), "read");
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) fail(Code::out_of_range, "more than {} bytes", limit);
  }
  text.resize(used);
  return text;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = SLIP_SYSCALL(::write(fd, bytes.data(), bytes.size()), "write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void write_all(int fd, std::span<const std::byte> bytes) {
  write_all(fd, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void sync_fd(int fd) { SLIP_SYSCALL(::fsync(fd), "sync"); }

}  // namespace base
