// SPDX-License-Identifier: Apache-2.0
#pragma once
// A terminal of its own for a container's process, and the way of its master to whoever sits in front.
//
// The OCI runtime makes the terminal inside the container and sends its master to a listening socket
// (runtime-spec, "console-socket"). The helper passes it on to the builder, which stands on the user's
// own terminal and carries bytes and window sizes between the two:
//
//     builder                                     helper                       runtime
//     TerminalRelay relay(0, 1);                  TerminalPass pass(path, fd);  --console-socket
//     call("exec", …, {relay.socket()}) ────────►        ◄──────────── master ──────┘
//            ◄──────────────────────── master ───────┘
//
// Threads: each object works with one thread of its own, from construction to destruction.
#include <termios.h>

#include <optional>
#include <string>
#include <thread>

#include "base/fd.h"

namespace sandbox {

/// The helper's end: waits for one master at a socket of that path and passes it on to `to`.
class TerminalPass {
 public:
  TerminalPass(const std::string& path, int to);
  /// Waits no longer.
  ~TerminalPass();
  TerminalPass(const TerminalPass&) = delete;
  TerminalPass& operator=(const TerminalPass&) = delete;

 private:
  void pass_on();

  int to_;
  base::Fd listener_;
  base::Pipe end_;
  std::thread thread_;
};

/// The builder's end: puts the terminal `in` into raw mode, and once a master has come over socket(),
/// carries bytes both ways and window sizes in, until the other side is closed.
class TerminalRelay {
 public:
  TerminalRelay(int in, int out);
  /// Carries what is left to read, and gives the terminal its mode back.
  ~TerminalRelay();
  TerminalRelay(const TerminalRelay&) = delete;
  TerminalRelay& operator=(const TerminalRelay&) = delete;

  /// What a helper's TerminalPass writes to.
  int socket() const { return theirs_.get(); }

 private:
  void carry();

  int in_;
  int out_;
  base::Fd ours_;
  base::Fd theirs_;
  std::optional<termios> before_;
  std::thread thread_;
};

}  // namespace sandbox
