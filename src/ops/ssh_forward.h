// SPDX-License-Identifier: Apache-2.0
#pragma once
// SSH agents for steps that mount one: a socket per step that passes on two questions and nothing else.
//
//     SshForwards forwards(directory, {{"default", {.agent = "/run/agent"}}});
//     auto socket = forwards.open("default");        // listens until it goes
//     mount(socket->path());
//
// A step may ask which keys there are and have something signed; adding, removing, locking and extensions are answered
// with a refusal, so it can neither change the agent nor take a key out of it. Keys given as files are loaded into an
// ssh-agent of this build's own, which ends with it.
//
// Protocol: draft-miller-ssh-agent; a message is a length (4 bytes, big-endian), a type byte and the rest.
// Threads: any. Failure: not_found for an id that was not given, with the flag that gives it; unavailable for an agent
// that does not answer.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/subprocess.h"

namespace ops {

/// What stands behind an id of --ssh.
struct SshSource {
  std::string agent;              ///< socket of a running agent, or ""
  std::vector<std::string> keys;  ///< private key files
};

/// A listening socket; closing it ends its connections.
class SshSocket {
 public:
  virtual ~SshSocket() = default;
  virtual const std::string& path() const = 0;
};

class SshForwards {
 public:
  /// Sockets are made below `directory`; those of processes that died are removed.
  SshForwards(std::string directory, std::map<std::string, SshSource> sources);
  ~SshForwards();

  bool knows(const std::string& id) const { return sources_.contains(id); }
  std::unique_ptr<SshSocket> open(const std::string& id);

 private:
  struct KeyAgent;
  std::string agent_of(const std::string& id);
  void remove_dead();

  std::string directory_;
  std::map<std::string, SshSource> sources_;
  std::mutex mutex_;
  bool cleaned_ = false;
  std::map<std::string, std::unique_ptr<KeyAgent>> agents_;
};

}  // namespace ops
