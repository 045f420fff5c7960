// SPDX-License-Identifier: Apache-2.0
#include "sandbox/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"

namespace sandbox {
namespace {

constexpr int kBacklog = 256;

base::Fd tcp_socket() {
  return base::Fd(static_cast<int>(SLIP_SYSCALL(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")));
}

void bring_loopback_up() {
  const base::Fd socket = tcp_socket();
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  SLIP_SYSCALL(::ioctl(socket.get(), SIOCGIFFLAGS, &request), "look at the loopback of a new network namespace");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  SLIP_SYSCALL(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up the loopback of a new network namespace");
}

base::Fd listen_on_loopback() {
  base::Fd socket = tcp_socket();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(ClosedNetwork::kPort);
  SLIP_SYSCALL(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
               "bind a socket in a new network namespace");
  SLIP_SYSCALL(::listen(socket.get(), kBacklog), "listen in a new network namespace");
  return socket;
}

}  // namespace

void make_network_namespace(const std::string& path, const std::function<void()>& within) {
  base::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  std::exception_ptr failure;
  // unshare() concerns the calling thread alone.
  std::thread maker([&] {
    try {
      SLIP_SYSCALL(::unshare(CLONE_NEWNET), "make a network namespace");
      if (within) within();
      SLIP_SYSCALL(::mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr),
                   "keep a network namespace at {}", path);
    } catch (...) {
      failure = std::current_exception();
    }
  });
  maker.join();
  if (!failure) return;
  ::unlink(path.c_str());
  std::rethrow_exception(failure);
}

ClosedNetwork::ClosedNetwork(const World& world) : path_(world.work_dir + "/network-" + base::random_id(12)) {
  make_network_namespace(path_, [this] {
    bring_loopback_up();
    listener_ = listen_on_loopback();
  });
}

ClosedNetwork::~ClosedNetwork() {
  ::umount2(path_.c_str(), MNT_DETACH);
  ::unlink(path_.c_str());
}

}  // namespace sandbox
