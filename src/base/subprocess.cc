// SPDX-License-Identifier: Apache-2.0
#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/task.h"
#include "base/time.h"

extern char** environ;

namespace base {
namespace {

constexpr std::size_t kMaxOutput = 64U << 20;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

/// posix_spawn's attribute objects, released together.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  void place(int ours, int theirs) {
    if (ours < 0) {
      ::posix_spawn_file_actions_addopen(&actions, theirs, "/dev/null", O_RDWR, 0);
    } else {
      ::posix_spawn_file_actions_adddup2(&actions, ours, theirs);
    }
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

/// The child starts with default signal handling, whatever this process ignores or blocks.
void reset_signals(SpawnPlan& plan, bool own_group) {
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setpgroup(&plan.attributes, 0);
  ::posix_spawnattr_setflags(&plan.attributes, flags);
}

/// Descriptors that must land on a number of their own are first lifted out of each other's way.
std::vector<Fd> place_descriptors(SpawnPlan& plan, const Command& command) {
  std::vector<std::pair<int, int>> wanted = {{command.stdin_fd, 0}, {command.stdout_fd, 1}, {command.stderr_fd, 2}};
  wanted.insert(wanted.end(), command.keep.begin(), command.keep.end());
  int above = 2;
  for (const auto& [ours, theirs] : wanted) above = std::max(above, theirs);
  std::vector<Fd> lifted;
  for (auto& [ours, theirs] : wanted) {
    if (ours < 0) continue;
    lifted.emplace_back(SLIP_SYSCALL(::fcntl(ours, F_DUPFD_CLOEXEC, above + 1), "duplicate descriptor {}", ours));
    ours = lifted.back().get();
  }
  for (const auto& [ours, theirs] : wanted) plan.place(ours, theirs);
  return lifted;
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

/// Waits until the process has ended, without reaping; false when the time ran out.
bool wait_exited(int pidfd, int timeout_ms) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) > 0;
}

}  // namespace

Child Child::start(const Command& command) {
  SLIP_CHECK(!command.argv.empty());
  const auto program = find_program(command.argv[0]);
  if (!program) fail(Code::not_found, "program {} is not installed (not found in PATH)", command.argv[0]);
  SpawnPlan plan;
  const auto lifted = place_descriptors(plan, command);
  if (!command.directory.empty()) ::posix_spawn_file_actions_addchdir_np(&plan.actions, command.directory.c_str());
  reset_signals(plan, command.own_process_group);
  auto argv = pointers(command.argv);
  std::vector<char*> environment;
  if (command.environment) environment = pointers(*command.environment);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program->c_str(), &plan.actions, &plan.attributes, argv.data(),
                                  command.environment ? environment.data() : environ);
  if (error != 0) fail_errno(error, base::format("start {}", *program));
  Child child(pid);
  child.own_group_ = command.own_process_group;
  return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), own_group_(other.own_group_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(own_group_, other.own_group_);
  return *this;
}

Child::~Child() {
  if (pid_ < 0) return;
  kill(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::kill(int signal) {
  if (pid_ > 0) ::kill(own_group_ ? -pid_ : pid_, signal);
}

ExitStatus Child::wait(const std::stop_token& stop, int grace_ms) {
  SLIP_CHECK(pid_ > 0);
  bool stopped = false;
  if (stop.stop_possible()) {
    // A pidfd can be polled beside a pipe that the stop request writes to.
    const Fd pidfd(static_cast<int>(SLIP_SYSCALL(::syscall(SYS_pidfd_open, pid_, 0), "watch process {}", pid_)));
    const Pipe wake = make_pipe();
    const std::stop_callback on_stop(stop, [&] { (void)!::write(wake.write.get(), "x", 1); });
    pollfd entries[] = {{pidfd.get(), POLLIN, 0}, {wake.read.get(), POLLIN, 0}};
    while (::poll(entries, 2, -1) < 0 && errno == EINTR) {
    }
    stopped = (entries[0].revents & POLLIN) == 0;
    if (stopped) {
      kill(SIGTERM);
      if (!wait_exited(pidfd.get(), grace_ms)) kill(SIGKILL);
    }
  }
  int status = 0;
  SLIP_SYSCALL(::waitpid(pid_, &status, 0), "wait for process {}", pid_);
  pid_ = -1;
  if (stopped) throw Cancelled();
  return decode(status);
}

Output run_collect(Command command, std::string_view input, const std::stop_token& stop) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  command.stdin_fd = in.read.get();
  command.stdout_fd = out.write.get();
  command.stderr_fd = err.write.get();
  Child child = Child::start(command);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  Output output;
  {
    std::exception_ptr failures[2];
    const auto collect = [](int fd, std::string& text, std::exception_ptr& failure) {
      try {
        text = read_all(fd, kMaxOutput);
      } catch (...) {
        failure = std::current_exception();
      }
    };
    std::jthread reader([&] { collect(out.read.get(), output.out, failures[0]); });
    std::jthread error_reader([&] { collect(err.read.get(), output.err, failures[1]); });
    std::jthread writer([&] {
      try {
        write_all(in.write.get(), input);
      } catch (const Error&) {
        // The child may end without reading its input; its exit status tells.
      }
      in.write.reset();
    });
    output.status = child.wait(stop);
    reader.join();
    error_reader.join();
    for (const auto& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
  }
  return output;
}

std::optional<std::string> find_program(std::string_view name) {
  const auto runnable = [](const std::string& path) {
    // As execvp: a PATH entry that may not be searched is passed over.
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != name.npos) {
    std::string path(name);
    return runnable(path) ? std::optional(path) : std::nullopt;
  }
  const char* search = ::getenv("PATH");
  for (const auto& directory : split(search ? search : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", ':')) {
    std::string path = base::format("{}/{}", directory.empty() ? "." : directory, name);
    if (runnable(path)) return path;
  }
  // Runtimes often live in sbin, which ordinary users do not have on PATH.
  for (const char* directory : {"/usr/sbin", "/sbin", "/usr/local/sbin"}) {
    std::string path = base::format("{}/{}", directory, name);
    if (runnable(path)) return path;
  }
  return std::nullopt;
}

}  // namespace base
