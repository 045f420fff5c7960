// SPDX-License-Identifier: Apache-2.0
#pragma once
// The proxy of one step: takes what connects to a listening socket.
//
//     proxy::Server server(std::move(listener), desk);     // the socket may stand in another network namespace
//     … the step runs …
//                                                          // its end cuts off what is still going on
//
// A thread for each connection, at most kMaxConnections; further ones wait in the socket's queue. Memory is bounded by
// that number: a connection holds a head, and one piece of a body. A client that closes its side may have gone, or wait
// for the answer to what it asked last: it is taken to have gone once others wait for its place.
// Threads: one may use the object.
#include <atomic>
#include <list>
#include <stop_token>
#include <thread>

#include "base/fd.h"

#include "proxy/exchange.h"

namespace proxy {

class Server {
 public:
  static constexpr std::size_t kMaxConnections = 64;

  /// `desk` outlives the server.
  Server(base::Fd listener, const Desk& desk);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Connection {
    base::Fd client;
    std::stop_source stop;
    std::thread thread;
    std::atomic<bool> ended = false;
  };

  void accept_all();
  /// Whether there was a thread for it.
  bool serve(base::Fd client);
  /// A connection is to be taken now; false at the end.
  bool await_client();
  /// When all places are taken and somebody waits: gives up clients that have closed their side, or waits for one to do
  /// so, for a connection's end, or for the end.
  void make_room();
  void forget_ended();

  base::Fd listener_;
  const Desk& desk_;
  base::Fd end_;                       ///< readable from the end on
  base::Fd change_;                    ///< readable when a connection has ended
  std::list<Connection> connections_;  ///< only the accepting thread touches the list while it runs
  std::thread thread_;
};

}  // namespace proxy
