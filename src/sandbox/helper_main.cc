// SPDX-License-Identifier: Apache-2.0
// The helper's own main: from a fresh process to the request loop.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "base/log.h"
#include "sandbox/channel.h"
#include "sandbox/helper.h"
#include "sandbox/setup.h"

namespace sandbox {
namespace {

void settle_process(int socket) {
  SLIP_SYSCALL(::fcntl(socket, F_SETFD, FD_CLOEXEC), "take the helper socket {}", socket);
  SLIP_SYSCALL(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tie the helper to its parent");
  ::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of one write
  ::umask(022);                // what steps and copies create must not depend on the user's shell
  (void)!::chdir("/");
}

Setup receive_setup(int socket) {
  auto frame = receive_frame(socket);
  if (!frame || frame->kind != FrameKind::setup) {
    base::fail(base::Code::failed_precondition, "no setup came over the helper socket {}", socket);
  }
  return setup_from_json(base::Json::parse(frame->body));
}

}  // namespace

int helper_main(int socket, const std::function<Handlers(const World&)>& make_handlers) {
  FrameWriter writer(socket);
  try {
    settle_process(socket);
    const Setup setup = receive_setup(socket);
    enter_namespaces(setup.tier);
    fork_into_pid_namespace(socket);
    const World world = make_world(setup);
    const Handlers handlers = make_handlers(world);
    writer.send(FrameKind::hello, 0, to_json(world).dump());
    return serve(socket, handlers);
  } catch (const base::Error& error) {
    base::log_warn("helper: {}", error.what());
    try {
      writer.send(FrameKind::failure, 0, encode_error(error));
    } catch (const base::Error&) {
      // Nobody is left to hear it.
    }
    return 1;
  }
}

}  // namespace sandbox
