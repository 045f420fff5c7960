// SPDX-License-Identifier: Apache-2.0
#include "sandbox/userns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"

namespace sandbox {
namespace {

std::string sysctl(const char* path) {
  try {
    const auto text = base::read_file_if_exists(path, 4096);
    return text ? std::string(base::trim(*text)) : "";
  } catch (const base::Error&) {
    return "";  // a masked /proc: as good as absent
  }
}

/// Shares the parent's memory until it exits (vfork), so: system calls only.
int trial_child(void*) {
  // On some systems the namespace can be made but gives no rights; only using it shows that.
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 || errno == EINVAL ? 0 : errno;
}

void write_proc(const char* path, std::string_view text) {
  const base::Fd file = base::open_file(path, O_WRONLY);
  base::write_all(file.get(), text);
}

void map_own_ids(const IdMap& uids, const IdMap& gids) {
  // The kernel asks for this before an ordinary user may map a group.
  write_proc("/proc/self/setgroups", "deny");
  write_proc("/proc/self/uid_map", id_map_text(uids));
  write_proc("/proc/self/gid_map", id_map_text(gids));
}

void run_map_program(const char* program, pid_t target, const IdMap& map) {
  base::Command command;
  command.argv = {program, std::to_string(target)};
  const auto arguments = id_map_arguments(map);
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const base::Output output = base::run_collect(command);
  if (output.status.ok()) return;
  base::Error error(base::Code::permission_denied,
                    base::format("{} refused the id map: {}", program, base::trim(output.err)));
  error.set_hint(
      "compare /etc/subuid and /etc/subgid with your user name, and check that newuidmap and newgidmap are "
      "set-user-id root; in a container they need the capabilities SETUID and SETGID themselves: setcap cap_setuid+ep "
      "/usr/bin/newuidmap, setcap cap_setgid+ep /usr/bin/newgidmap, and no set-user-id bit");
  throw error;
}

/// Stays behind in the old user namespace, from where alone the programs may write the maps.
/// Tells the outcome through `report`: nothing, or the reason as "text\nhint".
[[noreturn]] void mapper(pid_t target, int go, int report, const IdMap& uids, const IdMap& gids) {
  char byte = 0;
  if (::read(go, &byte, 1) == 1) {
    try {
      run_map_program("newuidmap", target, uids);
      run_map_program("newgidmap", target, gids);
      base::write_all(report, "ok");
    } catch (const base::Error& error) {
      base::write_all(report, error.text() + "\n" + error.hint());
    }
  }
  ::_exit(0);
}

void unshare_user() {
  if (::unshare(CLONE_NEWUSER) == 0) return;
  const int error = errno;
  const GateVerdict verdict = explain_userns_failure(error, read_userns_gates());
  base::Error failure(base::Code::permission_denied,
                      base::format("make a user namespace: {}: {}", std::strerror(error), verdict.reason));
  failure.set_hint(verdict.fix);
  throw failure;
}

void map_through_programs(const IdMap& uids, const IdMap& gids) {
  base::Pipe go = base::make_pipe();
  base::Pipe report = base::make_pipe();
  const pid_t self = ::getpid();
  const pid_t child = SLIP_SYSCALL(::fork(), "fork the process that writes the id maps");
  if (child == 0) {
    go.write.reset();
    mapper(self, go.read.get(), report.write.get(), uids, gids);
  }
  go.read.reset();
  report.write.reset();
  std::string outcome;
  try {
    unshare_user();
    base::write_all(go.write.get(), "x");
    outcome = base::read_all(report.read.get(), 65536);
  } catch (...) {
    go.write.reset();
    ::waitpid(child, nullptr, 0);
    throw;
  }
  ::waitpid(child, nullptr, 0);
  if (outcome == "ok") return;
  const auto parts = base::split_n(outcome, '\n', 2);
  base::Error error(base::Code::permission_denied, parts[0].empty() ? "the id maps were not written" : parts[0]);
  if (parts.size() > 1) error.set_hint(parts[1]);
  throw error;
}

}  // namespace

UsernsGates read_userns_gates() {
  return {sysctl("/proc/sys/user/max_user_namespaces"), sysctl("/proc/sys/kernel/unprivileged_userns_clone"),
          sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")};
}

GateVerdict explain_userns_failure(int error, const UsernsGates& gates) {
  if (gates.max_user_namespaces == "0" || error == ENOSPC) {
    return {base::format("user.max_user_namespaces is {}", gates.max_user_namespaces),
            "as root: sysctl -w user.max_user_namespaces=28633"};
  }
  if (gates.unprivileged_userns_clone == "0") {
    return {"kernel.unprivileged_userns_clone is 0", "as root: sysctl -w kernel.unprivileged_userns_clone=1"};
  }
  if (gates.apparmor_restrict == "1") {
    return {
        "AppArmor restricts unprivileged user namespaces",
        "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or load an AppArmor profile for slipway "
        "with `userns,`"};
  }
  if (error == EINVAL || error == ENOSYS) {
    return {"this kernel was built without user namespaces", "use a kernel with CONFIG_USER_NS=y"};
  }
  return {"a seccomp filter or security module forbids it, as inside most containers",
          "run the outer container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined"};
}

int try_user_namespace() {
  alignas(16) std::array<char, 64 * 1024> stack;
  const int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_VM | CLONE_VFORK | SIGCHLD;
  const pid_t child = ::clone(trial_child, stack.data() + stack.size(), flags, nullptr);
  if (child < 0) return errno;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

void enter_user_namespace(const IdMap& uids, const IdMap& gids, MapWriter writer) {
  if (writer == MapWriter::newuidmap) {
    map_through_programs(uids, gids);
  } else {
    unshare_user();
    map_own_ids(uids, gids);
  }
}

}  // namespace sandbox
