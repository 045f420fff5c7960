// SPDX-License-Identifier: Apache-2.0
#include "sandbox/step_network.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "sandbox/hosts.h"
#include "sandbox/network_namespace.h"

namespace sandbox {
namespace {

constexpr int kReadyWithinMs = 5000;
constexpr const char* kTun = "/dev/net/tun";
/// Where both programs are told to answer DNS; slirp4netns has no other address for it.
constexpr std::string_view kNameserver = "10.0.2.3";

bool is_slirp(const std::string& program) { return base::base_name(program) == "slirp4netns"; }

base::Command command_for(const std::string& program, const std::string& path, int ready_fd) {
  base::Command command;
  if (is_slirp(program)) {
    command.argv = {program,        "--configure",       "--mtu=65520", "--disable-host-loopback",
                    "--ready-fd=3", "--netns-type=path", path,          "tap0"};
    command.keep = {{ready_fd, 3}};
    return command;
  }
  command.argv = {program,
                  "--config-net",
                  "--netns-only",
                  "--quiet",
                  "--no-map-gw",
                  "-t",
                  "none",
                  "-u",
                  "none",
                  "-T",
                  "none",
                  "-U",
                  "none",
                  "--dns-forward",
                  std::string(kNameserver),
                  "--netns",
                  path};
  return command;
}

bool becomes_ready(const std::string& program, base::Child& child, const base::Pipe& ready) {
  // pasta goes to the background once the network stands.
  if (!is_slirp(program)) return child.wait().ok();
  pollfd entry{ready.read.get(), POLLIN, 0};
  char byte = 0;
  return ::poll(&entry, 1, kReadyWithinMs) > 0 && ::read(ready.read.get(), &byte, 1) == 1;
}

}  // namespace

NetworkProgram find_network_program() {
  for (const char* name : {"slirp4netns", "pasta"}) {
    const auto path = base::find_program(name);
    if (!path) continue;
    const base::Fd tun(::open(kTun, O_RDWR | O_CLOEXEC));
    if (tun) return {*path, "", ""};
    return {"", base::format("{} cannot be opened: {}", kTun, std::strerror(errno)),
            "modprobe tun; chmod 0666 /dev/net/tun (a container needs --device /dev/net/tun)"};
  }
  return {"", "neither slirp4netns nor pasta is installed", "install the package slirp4netns"};
}

StepNetwork::~StepNetwork() {
  if (joined_) ::umount2(joined_->path.c_str(), MNT_DETACH);
}

const JoinedNetwork* StepNetwork::join() {
  if (!world_.rootless()) return nullptr;
  const std::lock_guard lock(mutex_);
  if (!tried_) {
    tried_ = true;
    try {
      start();
    } catch (const base::Error& error) {
      base::log_warn("steps share the host's network: {}", error.text());
    }
  }
  return joined_ ? &*joined_ : nullptr;
}

void StepNetwork::start() {
  const NetworkProgram found = find_network_program();
  if (found.path.empty()) return;
  const std::string path = world_.work_dir + "/network";
  make_network_namespace(path);
  base::Pipe ready = base::make_pipe();
  base::Child child = base::Child::start(command_for(found.path, path, ready.write.get()));
  ready.write.reset();
  if (!becomes_ready(found.path, child, ready)) {
    ::umount2(path.c_str(), MNT_DETACH);
    base::fail(base::Code::unavailable, "{} does not start", found.path);
  }
  program_ = std::move(child);
  joined_ = JoinedNetwork{path, resolv_conf_text(kNameserver)};
}

}  // namespace sandbox
