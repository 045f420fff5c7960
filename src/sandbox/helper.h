// SPDX-License-Identifier: Apache-2.0
#pragma once
// The helper: the one process per build that holds everything mounted.
//
// The builder has threads and must never mount anything, so it starts its own program again as
// `slipway __helper FD` and talks to it over a socket. That process puts itself into its own pid and
// mount namespace (and user namespace where it is not root) and then answers requests:
//
//     builder ──spawn──► monitor ──fork──► init (pid 1) ──fork──► server: one thread per request
//             ◄──────────────── requests, replies, descriptors ──────────────┘
//
// The monitor waits outside the pid namespace, init reaps orphans, the server runs the handlers.
// Each is tied to its parent by PDEATHSIG, and the server also ends when the socket does: when the
// builder dies, even by SIGKILL, the kernel ends every process and every mount of the build.
//
//     auto helper = sandbox::Helper::start({.state_dir = store.root(), .tier = sandbox::choose_tier(facts)});
//     auto reply = helper->call("exec", params, fds, stop);     // any thread, many at once
//
// and in the helper program (`cli` dispatches `__helper FD` to it):
//
//     return sandbox::helper_main(fd, [](const sandbox::World& world) {
//       return std::map<std::string, sandbox::Handler>{{"exec", ...}};
//     });
//
// Words: *world* = what the helper found and made (its tier, its work directory on a tmpfs of its own).
// Threads: call() may be used from any thread. Handlers run concurrently.
// Failure: an Error thrown by a handler is thrown again by call(), with code, text and hint; so is
// Cancelled. When the helper dies, every pending and later call throws unavailable and says why.
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "sandbox/device_gate.h"
#include "sandbox/tier.h"
#include "sandbox/world.h"

namespace sandbox {

/// What a handler returns and a call receives. Descriptors are close-on-exec.
struct Reply {
  base::Json result;
  std::vector<base::Fd> fds;
};

/// Answers one method. Runs on a thread of its own; must heed the stop token.
using Handler = std::function<Reply(const base::Json& params, std::vector<base::Fd> fds, std::stop_token stop)>;
using Handlers = std::map<std::string, Handler>;

struct HelperOptions {
  /// The program and its first arguments; the socket's number is appended. Our own binary by default.
  std::vector<std::string> argv = {"/proc/self/exe", "__helper"};
  /// Where `mnt/`, the place for the helper's tmpfs, is made. Absolute.
  std::string state_dir;
  /// The OCI runtime's name or path; "" means crun, or runc where there is no crun.
  std::string runtime = {};
  SharedProc shared_proc = SharedProc::refuse;
  /// For fuse-overlayfs and disorderfs, which the helper runs.
  FuseDevice fuse = FuseDevice::shut;
  /// How much privilege to use; see choose_tier(). Absent: probed by start().
  std::optional<Tier> tier = std::nullopt;
};

class Helper {
 public:
  using Reply = sandbox::Reply;

  /// Returns once the helper stands in its namespaces; throws the Error that kept it from that
  /// (with a hint naming the kernel gate) or unavailable when it died on the way.
  static std::unique_ptr<Helper> start(const HelperOptions& options);

  /// Ends the helper and everything in it.
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  /// Runs `method` in the helper. `fds` stay the caller's. A stop is passed on as a cancel; the call
  /// still waits for the handler to end, so that nothing of the request outlives it.
  Reply call(std::string_view method, const base::Json& params, std::span<const int> fds = {},
             const std::stop_token& stop = {});

  /// What the helper found at its start.
  const World& world() const;

  /// Host pid of the process whose death ends the helper (the monitor).
  int pid() const;

 private:
  static std::unique_ptr<Helper> start_at(const Tier& tier, const HelperOptions& options);
  struct State;
  explicit Helper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The request loop alone: answers requests from `socket` until it ends. Returns an exit code.
/// At most `max_threads` requests run at once; further ones wait for a thread.
int serve(int socket, const Handlers& handlers, std::size_t max_threads = 64);

/// The whole life of the helper process: takes the setup from `socket`, enters the namespaces,
/// says hello and serves. Must be called while the process has a single thread. Returns an exit code.
int helper_main(int socket, const std::function<Handlers(const World&)>& make_handlers);

}  // namespace sandbox
