// SPDX-License-Identifier: Apache-2.0
#include "sandbox/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "sandbox/pass_fd.h"

namespace sandbox {
namespace {

/// How often the window's size is looked at: signals belong to the program as a whole.
constexpr int kSizeEveryMs = 250;

/// A socket that listens at a path of any length.
base::Fd listen_at(const std::string& path) {
  const base::Fd directory(static_cast<int>(
      SLIP_SYSCALL(::open(base::dir_name(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open {}", path)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = base::format("/proc/self/fd/{}/{}", directory.get(), base::base_name(path));
  SLIP_CHECK(name.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  base::Fd socket(
      static_cast<int>(SLIP_SYSCALL(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket for a terminal")));
  SLIP_SYSCALL(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind {}", path);
  SLIP_SYSCALL(::listen(socket.get(), 1), "listen at {}", path);
  return socket;
}

/// Copies what is there now; false at the end of `from`, or when nobody takes it any more.
bool carry_some(int from, int to) {
  std::array<char, 16384> bytes{};
  const ssize_t got = ::read(from, bytes.data(), bytes.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  try {
    base::write_all(to, std::string_view(bytes.data(), static_cast<std::size_t>(got)));
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

void copy_window_size(int from, int to, winsize& last) {
  winsize now{};
  if (::ioctl(from, TIOCGWINSZ, &now) != 0 || std::memcmp(&now, &last, sizeof now) == 0) return;
  ::ioctl(to, TIOCSWINSZ, &now);
  last = now;
}

}  // namespace

TerminalPass::TerminalPass(const std::string& path, int to)
    : to_(to), listener_(listen_at(path)), end_(base::make_pipe()), thread_([this] { pass_on(); }) {}

TerminalPass::~TerminalPass() {
  end_.write.reset();
  thread_.join();
}

void TerminalPass::pass_on() {
  std::array<pollfd, 2> entries{pollfd{listener_.get(), POLLIN, 0}, pollfd{end_.read.get(), POLLIN, 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  if ((entries[0].revents & POLLIN) == 0) return;
  const base::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer) return;
  // Whoever waited for the terminal may have gone: then nobody sits in front of it, which is no failure of the step.
  if (const base::Fd master = receive_fd(peer.get())) send_fd(to_, master.get());
}

TerminalRelay::TerminalRelay(int in, int out) : in_(in), out_(out) {
  SocketPair pair = make_socket_pair();
  ours_ = std::move(pair.ours);
  theirs_ = std::move(pair.theirs);
  termios mode{};
  if (::tcgetattr(in_, &mode) == 0) {
    before_ = mode;
    ::cfmakeraw(&mode);
    ::tcsetattr(in_, TCSADRAIN, &mode);
  }
  thread_ = std::thread([this] { carry(); });
}

TerminalRelay::~TerminalRelay() {
  theirs_.reset();  // no master will come any more
  thread_.join();
  if (before_) ::tcsetattr(in_, TCSADRAIN, &*before_);
}

void TerminalRelay::carry() {
  const base::Fd master = receive_fd(ours_.get());
  if (!master) return;
  winsize size{};
  bool typing = true;
  for (;;) {
    copy_window_size(in_, master.get(), size);
    std::array<pollfd, 2> entries{pollfd{master.get(), POLLIN, 0}, pollfd{typing ? in_ : -1, POLLIN, 0}};
    if (::poll(entries.data(), entries.size(), kSizeEveryMs) < 0 && errno != EINTR) return;
    // A master whose other side is closed reads as an error.
    if (entries[0].revents != 0 && !carry_some(master.get(), out_)) return;
    if (entries[1].revents != 0) typing = carry_some(in_, master.get());
  }
}

}  // namespace sandbox
