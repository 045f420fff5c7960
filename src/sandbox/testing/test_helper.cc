// SPDX-License-Identifier: Apache-2.0
#include "sandbox/testing/test_helper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/path.h"
#include "base/subprocess.h"

namespace sandbox::testing {
namespace {

constexpr const char* kBusybox = "/bin/busybox";
constexpr const char* kApplets[] = {"sh",    "true",     "false", "cat",  "ls",   "echo",    "id",
                                    "mount", "sleep",    "touch", "kill", "stat", "grep",    "wc",
                                    "mknod", "readlink", "mkdir", "dd",   "env",  "ifconfig"};

std::string own_directory() { return base::dir_name(base::read_link_at(AT_FDCWD, "/proc/self/exe")); }

}  // namespace

std::vector<std::string> helper_argv() { return {own_directory() + "/sandbox_test_helper", "__helper"}; }

std::optional<std::string> helper_obstacle() {
  const Tier tier = choose_tier(read_tier_facts());
  if (tier.kind == TierKind::unavailable) return describe(tier);
  return std::nullopt;
}

std::optional<std::string> container_obstacle() {
  if (!base::find_program("crun") && !base::find_program("runc")) return "neither crun nor runc is installed";
  if (!base::exists(kBusybox)) return "/bin/busybox is not there (package busybox-static)";
  return helper_obstacle();
}

std::string make_busybox_root(const std::string& directory) {
  const std::string root = directory + "/rootfs";
  for (const char* name : {"/bin", "/etc", "/tmp"}) base::make_directories(root + name);
  base::write_file_atomic(root + "/bin/busybox", base::read_file(kBusybox), base::Durable::no, 0755);
  for (const char* applet : kApplets) (void)!::symlink("busybox", (root + "/bin/" + applet).c_str());
  base::write_file_atomic(root + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n");
  base::write_file_atomic(root + "/etc/group", "root:x:0:\nstaff:x:50:app\napp:x:1000:\n");
  (void)!::chmod((root + "/tmp").c_str(), 01777);
  return root;
}

ContainerSpec shell_spec(const std::string& rootfs, const std::string& script) {
  ContainerSpec spec;
  spec.rootfs = rootfs;
  spec.argv = {"/bin/sh", "-c", script};
  spec.env = {"PATH=/bin", "HOME=/root"};
  return spec;
}

ContainerRun run_in(Helper& helper, const ContainerSpec& spec, const std::stop_token& stop) {
  base::Pipe out = base::make_pipe();
  base::Pipe err = base::make_pipe();
  const std::array fds = {out.write.get(), err.write.get()};
  ContainerRun run;
  run.result = run_result_from_json(helper.call("run", to_json(spec), fds, stop).result);
  out.write.reset();
  err.write.reset();
  run.out = base::read_all(out.read.get());
  run.err = base::read_all(err.read.get());
  return run;
}

}  // namespace sandbox::testing
