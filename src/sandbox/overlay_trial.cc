// SPDX-License-Identifier: Apache-2.0
#include "sandbox/overlay_trial.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/file.h"
#include "base/format.h"

namespace sandbox {
namespace {

struct Trial {
  const char* target;
  const char* options;
  const char* quick_options;  ///< with `volatile`: unmounting then does not sync the whole file system
};

/// Shares the parent's memory until it exits (vfork), so: system calls only.
int mount_in_child(void* argument) {
  const auto* trial = static_cast<const Trial*>(argument);
  // Whatever is mounted must not reach the namespace we came from.
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) return errno;
  if (::mount("overlay", trial->target, "overlay", 0, trial->quick_options) == 0) return 0;
  return ::mount("overlay", trial->target, "overlay", 0, trial->options) == 0 ? 0 : errno;
}

}  // namespace

int try_overlay(const std::string& directory, TrialNamespace where) {
  const base::TemporaryDirectory place("overlay-trial-", directory);
  for (const char* name : {"/lower", "/upper", "/work", "/merged"}) base::make_directories(place.path() + name);
  const bool user = where == TrialNamespace::user_and_mount;
  const std::string target = place.path() + "/merged";
  const std::string options =
      base::format("lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work{1}", place.path(), user ? ",userxattr" : "");
  const std::string quick_options = options + ",volatile";
  Trial trial{target.c_str(), options.c_str(), quick_options.c_str()};
  alignas(16) std::array<char, 64 * 1024> stack;
  const int flags = CLONE_NEWNS | CLONE_VM | CLONE_VFORK | SIGCHLD | (user ? CLONE_NEWUSER : 0);
  const pid_t child = ::clone(mount_in_child, stack.data() + stack.size(), flags, &trial);
  if (child < 0) return errno;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

}  // namespace sandbox
