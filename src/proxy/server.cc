// SPDX-License-Identifier: Apache-2.0
#include "proxy/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <vector>

#include "base/error.h"

#include "proxy/conversation.h"

namespace proxy {
namespace {

constexpr int kRetryMs = 50;
/// How long all places may be taken without any getting free, before clients that have closed their side are given up.
constexpr int kGraceMs = 1000;

base::Fd new_event() {
  return base::Fd(static_cast<int>(SLIP_SYSCALL(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an eventfd")));
}

/// A client that is still sending would lose the last answer to a reset: for a while, what it sends is read and
/// forgotten.
void take_leave(int client, int end) {
  constexpr auto kLeave = std::chrono::seconds(2);
  ::shutdown(client, SHUT_WR);
  const auto until = std::chrono::steady_clock::now() + kLeave;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    std::array<pollfd, 2> entries{pollfd{client, POLLIN, 0}, pollfd{end, POLLIN, 0}};
    if (left.count() <= 0 || ::poll(entries.data(), entries.size(), static_cast<int>(left.count())) <= 0) return;
    std::array<char, 4096> forgotten;
    if (entries[1].revents != 0 || ::recv(client, forgotten.data(), forgotten.size(), 0) <= 0) return;
  }
}

}  // namespace

Server::Server(base::Fd listener, const Desk& desk)
    : listener_(std::move(listener)), desk_(desk), end_(new_event()), change_(new_event()) {
  thread_ = std::thread([this] { accept_all(); });
}

Server::~Server() {
  (void)!::eventfd_write(end_.get(), 1);
  thread_.join();
  for (auto& connection : connections_) connection.stop.request_stop();
  for (auto& connection : connections_) connection.thread.join();
}

bool Server::await_client() {
  for (;;) {
    forget_ended();
    std::array<pollfd, 3> entries{pollfd{end_.get(), POLLIN, 0}, pollfd{change_.get(), POLLIN, 0},
                                  pollfd{listener_.get(), POLLIN, 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return false;
    if (entries[0].revents != 0) return false;
    if (entries[2].revents == 0) continue;
    if ((entries[2].revents & POLLIN) == 0) return false;
    if (connections_.size() < kMaxConnections) return true;
    make_room();
  }
}

void Server::make_room() {
  // Whoever sends all of a request and closes that half may still be waiting for the answer: first let answers end.
  std::array<pollfd, 2> first{pollfd{end_.get(), POLLIN, 0}, pollfd{change_.get(), POLLIN, 0}};
  if (::poll(first.data(), first.size(), kGraceMs) != 0) return;
  std::vector<pollfd> entries{{end_.get(), POLLIN, 0}, {change_.get(), POLLIN, 0}};
  for (const auto& connection : connections_) {
    entries.push_back({connection.stop.stop_requested() ? -1 : connection.client.get(), POLLRDHUP, 0});
  }
  ::poll(entries.data(), entries.size(), -1);
  auto entry = entries.begin() + 2;
  for (auto& connection : connections_) {
    if ((entry++)->revents != 0) connection.stop.request_stop();
  }
}

void Server::accept_all() {
  while (await_client()) {
    base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client && serve(std::move(client))) continue;
    // No descriptor or no thread to be had: not for as long as those that are there go on.
    pollfd end{end_.get(), POLLIN, 0};
    ::poll(&end, 1, kRetryMs);
  }
}

bool Server::serve(base::Fd client) {
  // Heads and pieces are written as they come: none is to wait for the other's acknowledgement.
  const int yes = 1;
  ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  auto& connection = connections_.emplace_back();
  connection.client = std::move(client);
  try {
    connection.thread = std::thread([this, &connection] {
      converse(connection.client.get(), desk_, end_.get(), connection.stop.get_token());
      take_leave(connection.client.get(), end_.get());
      ::shutdown(connection.client.get(), SHUT_RDWR);
      connection.ended = true;
      (void)!::eventfd_write(change_.get(), 1);
    });
  } catch (const std::system_error&) {
    connections_.pop_back();
    return false;
  }
  return true;
}

void Server::forget_ended() {
  eventfd_t count = 0;
  (void)!::eventfd_read(change_.get(), &count);
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (!it->ended) {
      ++it;
      continue;
    }
    it->thread.join();
    it = connections_.erase(it);
  }
}

}  // namespace proxy
