// SPDX-License-Identifier: Apache-2.0
#pragma once
// One descriptor over a socket (SCM_RIGHTS), beside the frames of channel.h: while a request is still being worked on.
#include "base/fd.h"

namespace sandbox {

/// Whether the other end was there to take it.
bool send_fd(int socket, int fd);

/// The descriptor that comes with the next message, close-on-exec; none when the other end is gone.
base::Fd receive_fd(int socket);

/// Two connected sockets, close-on-exec.
struct SocketPair {
  base::Fd ours;
  base::Fd theirs;
};
SocketPair make_socket_pair();

}  // namespace sandbox
