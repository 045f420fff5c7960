// SPDX-License-Identifier: Apache-2.0
#pragma once
// A container: one process on given mounts, run to its end. Called inside the helper.
//
//     sandbox::ContainerSpec spec;
//     spec.rootfs = merged;                         // a mounted directory
//     spec.argv = {"/bin/sh", "-c", "make"};
//     spec.mounts.push_back({.target = "/src", .type = "bind", .source = src, .options = {"rbind", "ro"}});
//     auto result = sandbox::run_container(world, spec, {.out = out, .err = err}, stop);
//     if (!result.ok()) …                           // exit code, signal, out of memory
//
// What the process sees equals what BuildKit shows it: Docker's default capabilities, seccomp
// profile and masked paths, no-new-privileges off, host name buildkitsandbox, generated /etc/hosts
// and /etc/resolv.conf (read-only, over the image's own), stdin a closed pipe, umask 022.
// Mount points that had to be made in the root are removed afterwards, but /proc, /sys and /dev stay.
//
// Failure: a command that fails is a result. Error is thrown when the container could not be run;
// a stop kills the whole container and throws Cancelled.
#include <sys/types.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "sandbox/cgroup.h"
#include "sandbox/user.h"
#include "sandbox/world.h"

namespace sandbox {

/// One mount in the terms of the OCI runtime specification. `target` is absolute and clean.
/// Bind sources may be files or directories; "ro" makes a bind read-only.
struct Mount {
  std::string target;
  std::string type;  ///< "bind", "tmpfs", …
  std::string source;
  std::vector<std::string> options;
  bool operator==(const Mount&) const = default;
};

/// `closed` is joined, and leads nowhere by itself (network_namespace.h).
enum class Network : std::uint8_t { host, none, joined, closed };
enum class Security : std::uint8_t { sandbox, insecure };
enum class RootAccess : std::uint8_t { read_write, read_only };
/// Whether emptied parents of removed mount points go as well.
enum class StubRemoval : std::uint8_t { target_only, with_parents };

struct HostEntry {
  std::string name;
  std::string ip;
};

struct Ulimit {
  std::string name;  ///< lower case, as on the command line: "nofile"
  std::int64_t soft = 0;
  std::int64_t hard = 0;
};

struct ContainerSpec {
  std::string rootfs;
  RootAccess root_access = RootAccess::read_write;
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< "K=V", complete: nothing is added
  std::string cwd = "/";         ///< made (0755, owned by the user) when absent
  User user;
  std::string hostname;  ///< "" means buildkitsandbox
  Network network = Network::host;
  std::string network_path;  ///< with Network::joined and closed: the namespace
  std::string resolv_conf;   ///< text of /etc/resolv.conf there; "" = the host's
  Security security = Security::sandbox;
  std::vector<Mount> mounts;
  std::vector<HostEntry> extra_hosts;
  std::vector<Ulimit> ulimits;  ///< lowered to the hard limits of this process where it may not raise them
  std::uint64_t shm_size = 0;   ///< bytes of /dev/shm; 0 means 64 MiB
  std::string cgroup_parent;
  Limits limits;
  StubRemoval stub_removal = StubRemoval::with_parents;
  bool terminal = false;  ///< stands on a terminal of its own; see Streams::terminal
};

/// Where the process reads and writes. The descriptors stay the caller's.
struct Streams {
  int in = -1;  ///< -1: a closed pipe
  int out = -1;
  int err = -1;
  int terminal = -1;  ///< with ContainerSpec::terminal: a socket to which the new terminal's master goes (terminal.h);
                      ///< the process then has the terminal instead of the others
};

base::Json to_json(const ContainerSpec& spec);
ContainerSpec container_spec_from_json(const base::Json& json);

struct Resources {
  std::int64_t user_ns = 0;  ///< CPU time of the container's processes, with the runtime's own
  std::int64_t system_ns = 0;
  std::int64_t max_rss_bytes = 0;
};

struct RunResult {
  int exit_code = 0;  ///< 128 + signal when a signal ended it
  int signal = 0;
  std::string foreign;  ///< the architecture of a program that this machine cannot run; "" for others
  bool oom = false;     ///< the kernel's OOM killer ended a process (known only with limits)
  Resources resources;
  std::vector<std::string> notes;  ///< what was asked for and not possible here, one sentence each
  bool ok() const { return exit_code == 0; }
};

base::Json to_json(const RunResult& result);
RunResult run_result_from_json(const base::Json& json);

/// Runs the container to its end.
RunResult run_container(const World& world, const ContainerSpec& spec, const Streams& streams,
                        const std::stop_token& stop);

}  // namespace sandbox
