// SPDX-License-Identifier: Apache-2.0
// The helper of the tests: `sandbox_test_helper __helper FD`, with methods that try out the channel,
// and `run`, which runs a container as `ops` would. `sandbox_test_helper build STATE ROOTFS` is a
// builder that waits to be killed.
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "sandbox/container.h"
#include "sandbox/helper.h"
#include "sandbox/network_namespace.h"
#include "sandbox/pass_fd.h"

namespace {

using base::Json;
using Fds = std::vector<base::Fd>;

sandbox::Reply echo(const Json& params, Fds fds, const std::stop_token&) { return {params, std::move(fds)}; }

sandbox::Reply fail(const Json& params, const Fds&, const std::stop_token&) {
  base::Error error(base::Code::resource_exhausted, params["text"].as_string());
  error.set_hint("buy a larger disk");
  error.add_frame("unpacking a layer");
  throw error;
}

/// Waits for the stop. Says so first, through the descriptor it was given.
sandbox::Reply wait(const Json&, const Fds& fds, const std::stop_token& stop) {
  base::write_all(fds.at(0).get(), "x");
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait(lock, stop, [] { return false; });
  throw base::Cancelled();
}

sandbox::Reply crash(const Json&, const Fds&, const std::stop_token&) {
  ::kill(::getpid(), SIGKILL);
  return {};
}

/// Any program inside the helper's namespaces.
sandbox::Reply program(const Json& params, const Fds&, const std::stop_token& stop) {
  base::Command command;
  command.argv = params["argv"].string_items();
  const auto output = base::run_collect(command, {}, stop);
  Json result = Json::object();
  result.set("code", output.status.code).set("out", output.out).set("err", output.err);
  return {result, {}};
}

sandbox::Handlers make_handlers(const sandbox::World& world) {
  const auto run = [world](const Json& params, const Fds& fds, const std::stop_token& stop) {
    const auto spec = sandbox::container_spec_from_json(params);
    const auto result = sandbox::run_container(world, spec, {.out = fds.at(0).get(), .err = fds.at(1).get()}, stop);
    return sandbox::Reply{to_json(result), {}};
  };
  const auto run_closed = [world](const Json& params, const Fds& fds, const std::stop_token& stop) {
    sandbox::ClosedNetwork network(world);
    if (!sandbox::send_fd(fds.at(2).get(), network.listener())) base::fail(base::Code::internal, "nobody takes it");
    network.close_listener();
    auto spec = sandbox::container_spec_from_json(params);
    spec.network = sandbox::Network::closed;
    spec.network_path = network.path();
    const auto result = sandbox::run_container(world, spec, {.out = fds.at(0).get(), .err = fds.at(1).get()}, stop);
    return sandbox::Reply{to_json(result), {}};
  };
  return {{"run_closed", run_closed}, {"echo", echo},       {"fail", fail}, {"wait", wait},
          {"crash", crash},           {"program", program}, {"run", run}};
}

/// A build in miniature, to be killed: says its helper's pid, then runs a step that does not end.
int build(const std::string& state, const std::string& rootfs) {
  auto helper = sandbox::Helper::start({.argv = {"/proc/self/exe", "__helper"}, .state_dir = state});
  base::write_all(STDOUT_FILENO, base::format("{}\n", helper->pid()));
  sandbox::ContainerSpec spec;
  spec.rootfs = rootfs;
  spec.argv = {"/bin/sh", "-c", "sleep 1000 & echo running; sleep 1000"};
  spec.env = {"PATH=/bin"};
  const int fds[] = {STDOUT_FILENO, STDOUT_FILENO};
  helper->call("run", to_json(spec), fds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "build") return build(argv[2], argv[3]);
  if (argc != 3 || std::string(argv[1]) != "__helper") return 2;
  return sandbox::helper_main(static_cast<int>(base::parse_int(argv[2]).value_or(-1)), make_handlers);
}
