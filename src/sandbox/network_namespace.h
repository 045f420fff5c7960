// SPDX-License-Identifier: Apache-2.0
#pragma once
// Network namespaces that stay without a process in them, and one that is closed but for a socket.
//
//     ClosedNetwork network(world);                 // its own loopback, and nothing else
//     spec.network_path = network.path();           // the step runs in it
//     send_fd(builder, network.listener());         // what connects to 127.0.0.1:kPort there is accepted here
//
// A socket belongs to the namespace it was made in, whoever holds it. So the builder, which stands outside, takes the
// step's connections from the listening socket without a process or a link between the two.
// Used in the helper. Threads: any. Failure: base::Error when the kernel refuses; nothing is then left.
#include <functional>
#include <string>

#include "base/fd.h"
#include "sandbox/world.h"

namespace sandbox {

/// A new network namespace, held by a bind mount at `path`; `within` is called in it first.
void make_network_namespace(const std::string& path, const std::function<void()>& within = {});

class ClosedNetwork {
 public:
  explicit ClosedNetwork(const World& world);
  ~ClosedNetwork();
  ClosedNetwork(const ClosedNetwork&) = delete;
  ClosedNetwork& operator=(const ClosedNetwork&) = delete;

  /// On 127.0.0.1, the same in every step: what a step sees does not change from run to run.
  static constexpr int kPort = 3128;

  const std::string& path() const { return path_; }
  int listener() const { return listener_.get(); }
  /// Afterwards only who got the socket has it.
  void close_listener() { listener_.reset(); }

 private:
  std::string path_;
  base::Fd listener_;
};

}  // namespace sandbox
