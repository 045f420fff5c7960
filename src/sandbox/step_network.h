// SPDX-License-Identifier: Apache-2.0
#pragma once
// The network of steps that asked for none in particular.
//
// Root's builder shares the host's. A user's gives its steps a network namespace of their own where slirp4netns or
// pasta can be used: one for all steps of the helper, made when the first of them needs it. From there a step reaches
// what the user reaches, but not what listens on the host's loopback or on its abstract sockets.
//
//     StepNetwork network(world);
//     const auto& joined = network.join();         // any thread; nothing = share the host's
//
// Threads: any.
#include <mutex>
#include <optional>
#include <string>

#include "base/subprocess.h"
#include "sandbox/world.h"

namespace sandbox {

/// The program that carries packets between a namespace of ours and the host, and why there is none.
struct NetworkProgram {
  std::string path;    ///< of slirp4netns or pasta; "" = none can be used
  std::string reason;  ///< what is missing
  std::string fix;
};

/// Looks for the programs, and whether the calling user may open /dev/net/tun.
NetworkProgram find_network_program();

struct JoinedNetwork {
  std::string path;         ///< the namespace, bound to a file
  std::string resolv_conf;  ///< text of /etc/resolv.conf in it
};

class StepNetwork {
 public:
  explicit StepNetwork(const World& world) : world_(world) {}
  ~StepNetwork();
  StepNetwork(const StepNetwork&) = delete;
  StepNetwork& operator=(const StepNetwork&) = delete;

  /// The namespace to run in; nullptr: share the host's network. Never throws for want of a program.
  const JoinedNetwork* join();

 private:
  void start();

  const World& world_;
  std::mutex mutex_;
  bool tried_ = false;
  std::optional<JoinedNetwork> joined_;
  std::optional<base::Child> program_;
};

}  // namespace sandbox
