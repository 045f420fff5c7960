// SPDX-License-Identifier: Apache-2.0
// The builder's side of the helper: start it, pass requests, notice its death.
#include "sandbox/helper.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/subprocess.h"
#include "base/sync.h"
#include "base/task.h"
#include "sandbox/channel.h"
#include "sandbox/device_gate.h"
#include "sandbox/setup.h"

namespace sandbox {
namespace {

/// The socket's number in the helper.
constexpr int kHelperSocket = 3;
/// How long an asked-to-end helper may take before it is killed.
constexpr int kEndGraceMs = 10'000;

std::string describe_end(const base::ExitStatus& status) {
  // The monitor passes the server's fate on as its own exit code, as a shell would.
  const int signal = status.signal != 0 ? status.signal : (status.code > 128 ? status.code - 128 : 0);
  if (signal != 0) return base::format("killed by signal {} ({})", signal, ::strsignal(signal));
  return base::format("exit code {}", status.code);
}

base::Error death(const std::string& how) {
  base::Error error(base::Code::unavailable, base::format("the helper process died: {}", how));
  error.set_hint("its messages, if any, are on standard error; SLIPWAY_LOG=debug shows more");
  return error;
}

bool wait_exited(pid_t pid, int timeout_ms) {
  const base::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return true;
  pollfd entry{pidfd.get(), POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) > 0;
}

}  // namespace

struct Helper::State {
  struct Table {
    std::map<std::uint64_t, std::promise<Frame>> pending;
    std::uint64_t next_id = 1;
    std::optional<base::Error> dead;
  };

  explicit State(base::Fd end) : socket(std::move(end)), writer(socket.get()) {}
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void run(const HelperOptions& options, base::Fd theirs, const std::string& setup);
  void receive_all();
  void settle_start(const Frame& frame);
  void deliver(Frame frame);
  void end(const base::Error& error);
  std::pair<std::uint64_t, std::future<Frame>> enter();

  base::Fd socket;
  FrameWriter writer;
  base::Sync<Table> table;
  std::promise<World> started;
  bool start_settled = false;  ///< touched by the I/O thread alone
  World world;
  std::atomic<int> pid = -1;
  std::thread io;
};

Helper::State::~State() {
  // Both ends read end of file: the helper ends itself, and the I/O thread waits for that.
  ::shutdown(socket.get(), SHUT_RDWR);
  if (io.joinable()) io.join();
  if (!world.device_gate.empty()) remove_device_gate(world.cgroups, world.device_gate);
}

/// The whole life of the I/O thread. It starts the child itself: PDEATHSIG means the death of the
/// thread that forked, so that thread has to live as long as the helper shall.
void Helper::State::run(const HelperOptions& options, base::Fd theirs, const std::string& setup) {
  try {
    base::Command command;
    command.argv = options.argv;
    command.argv.push_back(std::to_string(kHelperSocket));
    command.stderr_fd = STDERR_FILENO;
    command.keep = {{theirs.get(), kHelperSocket}};
    base::Child child = base::Child::start(command);
    pid = child.pid();
    theirs.reset();
    std::optional<base::Error> broken;
    try {
      writer.send(FrameKind::setup, 0, setup);
    } catch (const base::Error& error) {
      base::log_debug("helper: setup not sent: {}", error.what());
    }
    try {
      receive_all();
    } catch (const base::Error& error) {
      broken = error;
      child.kill(SIGKILL);
    }
    if (!wait_exited(child.pid(), kEndGraceMs)) child.kill(SIGKILL);
    const base::ExitStatus status = child.wait();
    end(broken ? *broken : death(describe_end(status)));
  } catch (const base::Error& error) {
    end(error);
  }
}

void Helper::State::receive_all() {
  while (auto frame = receive_frame(socket.get())) {
    if (frame->id == 0) {
      settle_start(*frame);
    } else {
      deliver(std::move(*frame));
    }
  }
}

void Helper::State::settle_start(const Frame& frame) {
  if (std::exchange(start_settled, true)) return;
  if (frame.kind == FrameKind::hello) {
    started.set_value(world_from_json(base::Json::parse(frame.body)));
  } else {
    started.set_exception(std::make_exception_ptr(decode_error(frame.body)));
  }
}

void Helper::State::deliver(Frame frame) {
  std::optional<std::promise<Frame>> promise;
  {
    const auto locked = table.lock();
    const auto found = locked->pending.find(frame.id);
    if (found == locked->pending.end()) return;
    promise = std::move(found->second);
    locked->pending.erase(found);
  }
  promise->set_value(std::move(frame));
}

/// Nothing will be answered any more: tells everyone who waits, and everyone to come.
void Helper::State::end(const base::Error& error) {
  if (!std::exchange(start_settled, true)) started.set_exception(std::make_exception_ptr(error));
  std::map<std::uint64_t, std::promise<Frame>> pending;
  {
    const auto locked = table.lock();
    locked->dead = error;
    pending.swap(locked->pending);
  }
  for (auto& [id, promise] : pending) promise.set_exception(std::make_exception_ptr(error));
}

std::pair<std::uint64_t, std::future<Frame>> Helper::State::enter() {
  const auto locked = table.lock();
  if (locked->dead) throw base::Error(*locked->dead);
  const std::uint64_t id = locked->next_id++;
  return {id, locked->pending[id].get_future()};
}

Helper::Helper(std::unique_ptr<State> state) : state_(std::move(state)) {}
Helper::~Helper() = default;

std::unique_ptr<Helper> Helper::start(const HelperOptions& options) {
  if (options.tier) return start_at(*options.tier, options);
  const TierFacts facts = read_tier_facts();
  const Tier tier = choose_tier(facts);
  try {
    return start_at(tier, options);
  } catch (const base::Error& error) {
    // In a container newuidmap may be there and lack what it needs; that shows only when it is asked.
    if (tier.kind != TierKind::mapped_ids || error.code() != base::Code::permission_denied) throw;
    return start_at(single_id_tier(facts, error.text() + "; " + error.hint()), options);
  }
}

std::unique_ptr<Helper> Helper::start_at(const Tier& tier, const HelperOptions& options) {
  SLIP_CHECK(base::is_absolute(options.state_dir));
  Setup setup;
  setup.mount_point = base::join_path(options.state_dir, "mnt");
  setup.runtime = options.runtime;
  setup.shared_proc = options.shared_proc;
  setup.fuse = options.fuse;
  setup.tier = tier;
  base::make_directories(setup.mount_point, 0711);
  int ends[2];
  SLIP_SYSCALL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket pair for the helper");
  base::Fd theirs(ends[1]);
  auto state = std::make_unique<State>(base::Fd(ends[0]));
  auto started = state->started.get_future();
  state->io = std::thread([state = state.get(), options, theirs = std::move(theirs),
                           text = to_json(setup).dump()]() mutable { state->run(options, std::move(theirs), text); });
  base::with_context([&] { state->world = started.get(); }, "starting the helper process");
  return std::unique_ptr<Helper>(new Helper(std::move(state)));
}

Reply Helper::call(std::string_view method, const base::Json& params, std::span<const int> fds,
                   const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  base::Json body = base::Json::object();
  body.set("method", method).set("params", params);
  auto [id, answer] = state_->enter();
  try {
    state_->writer.send(FrameKind::request, id, body.dump(), fds);
  } catch (const base::Error& error) {
    if (error.code() != base::Code::unavailable) {
      state_->table.lock()->pending.erase(id);
      throw;
    }
    // The helper is dying: the I/O thread finds out why, and answers with that.
  }
  const auto cancel = [this, id = id] {
    try {
      state_->writer.send(FrameKind::cancel, id, "");
    } catch (const base::Error& error) {
      base::log_debug("helper: cancel not sent: {}", error.what());
    }
  };
  const std::stop_callback on_stop(stop, cancel);
  Frame frame = answer.get();
  if (frame.kind == FrameKind::cancelled) throw base::Cancelled();
  if (frame.kind == FrameKind::failure) throw decode_error(frame.body);
  return {base::Json::parse(frame.body), std::move(frame.fds)};
}

const World& Helper::world() const { return state_->world; }
int Helper::pid() const { return state_->pid; }

}  // namespace sandbox
