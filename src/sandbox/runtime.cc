// SPDX-License-Identifier: Apache-2.0
#include "sandbox/runtime.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "sandbox/terminal.h"

namespace sandbox {
namespace {

/// How often a stop looks again for the process to kill while the runtime is still starting it.
constexpr int kKillRetryMs = 5;
/// After so many looks the runtime itself is killed.
constexpr int kKillRetries = 400;

/// Becomes readable when a stop is requested.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : event_(static_cast<int>(SLIP_SYSCALL(::eventfd(0, EFD_CLOEXEC), "make an eventfd"))),
        callback_(stop, Notify{event_.get()}) {}
  int fd() const { return event_.get(); }

 private:
  struct Notify {
    int fd;
    void operator()() const { (void)!::eventfd_write(fd, 1); }
  };
  base::Fd event_;
  std::stop_callback<Notify> callback_;
};

bool poll_readable(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) > 0;
}

std::optional<pid_t> container_pid(const Bundle& bundle) {
  const auto text = base::read_file_if_exists(bundle.pid_path(), 64);
  if (!text) return std::nullopt;
  const auto pid = base::parse_int(base::trim(*text));
  return pid && *pid > 1 ? std::optional(static_cast<pid_t>(*pid)) : std::nullopt;
}

/// Kills the container's pid 1 as soon as it is known; the kernel then kills the others.
void kill_container(const Bundle& bundle, base::Child& runtime, int pidfd) {
  for (int i = 0; i < kKillRetries; ++i) {
    if (const auto pid = container_pid(bundle)) ::kill(*pid, SIGKILL);
    if (poll_readable(pidfd, kKillRetryMs)) return;
  }
  runtime.kill(SIGKILL);
}

/// What the ended but not yet reaped process and its children used.
Resources resources_of(pid_t pid) {
  rusage usage{};
  siginfo_t info{};
  if (::syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &usage) != 0) return {};
  const auto nanos = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
  };
  return {nanos(usage.ru_utime), nanos(usage.ru_stime), std::int64_t{usage.ru_maxrss} * 1024};
}

/// Waits until the runtime has ended; true when a stop came first (and everything was killed).
bool await_end(const Bundle& bundle, base::Child& runtime, const std::stop_token& stop) {
  const base::Fd pidfd(
      static_cast<int>(SLIP_SYSCALL(::syscall(SYS_pidfd_open, runtime.pid(), 0), "watch the container runtime")));
  const StopSignal signal(stop);
  pollfd entries[] = {{pidfd.get(), POLLIN, 0}, {signal.fd(), POLLIN, 0}};
  while (::poll(entries, 2, -1) < 0 && errno == EINTR) {
  }
  if ((entries[0].revents & POLLIN) != 0) return false;
  kill_container(bundle, runtime, pidfd.get());
  while (!poll_readable(pidfd.get(), -1)) {
  }
  return true;
}

base::Command runtime_command(const World& world, const Bundle& bundle, RuntimeCgroups cgroups, const Streams& streams,
                              bool terminal) {
  base::Command command;
  command.argv = runtime_argv(world, bundle, cgroups, terminal);
  command.environment = std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                                 "XDG_RUNTIME_DIR=" + world.work_dir};
  command.directory = bundle.directory;
  command.stdin_fd = streams.in;
  command.stdout_fd = streams.out;
  command.stderr_fd = streams.err;
  return command;
}

/// "…: No such file or directory" of the last error the runtime logged.
std::string last_log_message(std::string_view log) {
  std::string message;
  for (const auto& line : base::split(log, '\n')) {
    if (base::trim(line).empty()) continue;
    try {
      const base::Json entry = base::Json::parse(line);
      if (entry["level"].string_or("error") == "error") message = entry["msg"].string_or(message);
    } catch (const base::Error&) {
      message = line;  // not JSON after all: better than silence
    }
  }
  return message;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

bool manages_without_cgroups(const World& world) { return base::base_name(world.runtime) == "crun"; }

std::vector<std::string> runtime_argv(const World& world, const Bundle& bundle, RuntimeCgroups cgroups, bool terminal) {
  std::vector<std::string> argv = {world.runtime,  "--root", world.work_dir + "/runtime", "--log", bundle.log_path(),
                                   "--log-format", "json"};
  if (manages_without_cgroups(world)) {
    argv.emplace_back(cgroups == RuntimeCgroups::managed ? "--cgroup-manager=cgroupfs" : "--cgroup-manager=disabled");
  }
  argv.insert(argv.end(), {"run", "--bundle", bundle.directory, "--pid-file", bundle.pid_path()});
  // The runtime stands in the bundle's directory; a whole path may be too long for a socket's name.
  if (terminal) argv.insert(argv.end(), {"--console-socket", std::string(kConsoleSocket)});
  argv.push_back(bundle.id);
  return argv;
}

StartFailure parse_runtime_log(std::string_view log, const std::vector<std::string>& argv) {
  const std::string message = last_log_message(log);
  if (message.empty()) return {};
  const std::string lowered = base::lower(message);
  const bool about_program = contains(lowered, "executable") || contains(lowered, "exec") ||
                             (!argv.empty() && !argv[0].empty() && contains(message, argv[0]));
  if (about_program && contains(lowered, "no such file or directory")) return {127, message};
  if (about_program && (contains(lowered, "not found in $path") || contains(lowered, "not found"))) {
    return {127, message};
  }
  if (about_program && contains(lowered, "permission denied")) return {126, message};
  if (about_program && contains(lowered, "exec format error")) return {126, message};
  return {0, message};
}

RunResult run_bundle(const World& world, const Bundle& bundle, const ContainerSpec& spec, RuntimeCgroups cgroups,
                     const Streams& given, const std::stop_token& stop) {
  base::Pipe input = base::make_pipe();
  input.write.reset();
  Streams streams = given;
  if (streams.in < 0) streams.in = input.read.get();
  std::optional<TerminalPass> pass;
  if (spec.terminal) pass.emplace(bundle.directory + "/" + std::string(kConsoleSocket), streams.terminal);
  base::Child runtime = base::Child::start(runtime_command(world, bundle, cgroups, streams, spec.terminal));
  const bool stopped = await_end(bundle, runtime, stop);
  RunResult result;
  result.resources = resources_of(runtime.pid());
  const base::ExitStatus status = runtime.wait();
  if (stopped) throw base::Cancelled();
  result.exit_code = status.code;
  result.signal = status.signal != 0 ? status.signal : (status.code > 128 ? status.code - 128 : 0);
  if (status.ok()) return result;
  const auto log = base::read_file_if_exists(bundle.log_path(), 1U << 20);
  const StartFailure failure = parse_runtime_log(log.value_or(""), spec.argv);
  if (failure.message.empty()) return result;
  if (failure.exit_code == 0) {
    base::fail(base::Code::internal, "{} could not set up the container: {}", base::base_name(world.runtime),
               failure.message);
  }
  // crun writes to its log alone, runc to standard error as well.
  if (manages_without_cgroups(world) && streams.err >= 0) {
    base::write_all(streams.err, base::format("{}\n", failure.message));
  }
  result.exit_code = failure.exit_code;
  result.signal = 0;
  return result;
}

}  // namespace sandbox
