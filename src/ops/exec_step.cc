// SPDX-License-Identifier: Apache-2.0
#include "ops/exec_step.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strings.h"
#include "ops/materialize.h"
#include "ops/record_storage.h"
#include "ops/result.h"
#include "ops/secret_leaks.h"
#include "ops/wire.h"
#include "sandbox/emulator.h"
#include "sandbox/network_namespace.h"

namespace ops {

std::vector<std::string> cache_mount_locks(const llb::ExecOp& exec) {
  std::vector<std::string> names;
  for (const auto& mount : exec.mounts) {
    if (mount.type == llb::MountType::cache && mount.cache && mount.cache->sharing == llb::CacheSharing::locked) {
      names.push_back("cache-mount " + mount.cache->id);
    }
  }
  return names;
}

ExecStep::ExecStep(const base::Digest& vertex, const llb::Op& op, const std::optional<llb::LinuxResources>& resources,
                   const Services& services, const std::vector<solve::ResultPtr>& inputs,
                   const std::vector<solve::ResultPtr>& made, const std::stop_token& stop)
    : vertex_(vertex),
      op_(op),
      exec_(std::get<llb::ExecOp>(op_.kind)),
      resources_(resources),
      services_(services),
      active_(services.snapshots),
      params_(base::Json::object()) {
  base::Json mounts = base::Json::array();
  for (const auto& mount : exec_.mounts) {
    mounts.push(mount.type == llb::MountType::ssh ? ssh_mount(*mount.ssh) : prepare_mount(mount, inputs, made, stop));
  }
  params_.set("op", encode_bytes(llb::marshal(op_))).set("mounts", std::move(mounts));
  params_.set("secret_env", secret_values());
  if (services_.settings.reversed_directories) params_.set("reversed", true);
  if (resources_) params_.set("limits", limits());
}

/// Runs the container in the helper while two threads carry its output to the events.
void ExecStep::run(const std::stop_token& stop) {
  base::Pipe out = base::make_pipe();
  base::Pipe err = base::make_pipe();
  sandbox::RunResult result;
  {
    std::jthread out_reader([&] { forward(out.read.get(), 1); });
    std::jthread err_reader([&] { forward(err.read.get(), 2); });
    const auto close_writers = [&] {
      out.write.reset();
      err.write.reset();
    };
    try {
      result = call_exec(params_, {out.write.get(), err.write.get()}, stop);
    } catch (...) {
      close_writers();
      throw;
    }
    close_writers();
  }
  for (const auto& note : result.notes) services_.events.warn(vertex_, note);
  check(result, refusals_);
}

sandbox::RunResult ExecStep::call_exec(base::Json params, std::vector<int> fds, const std::stop_token& stop) {
  const auto call = [&] {
    return sandbox::run_result_from_json(services_.worker.call("exec", params, fds, stop).result);
  };
  if (!is_in_proxied_network()) return call();
  const auto proxied = services_.proxy->begin(vertex_, exec_, services_);
  params.set("proxy", proxied->params(fds.size()));
  fds.push_back(proxied->socket());
  sandbox::RunResult result = call();
  fetched_ = proxied->finish().to_json();
  refusals_ = proxied->refusals();
  return result;
}

sandbox::RunResult ExecStep::enter(const Entry& entry, const std::stop_token& stop) {
  base::Json params = params_;
  params.set("argv", base::Json::strings(entry.argv)).set("terminal", entry.terminal >= 0);
  const char* term = std::getenv("TERM");
  if (entry.terminal >= 0 && term != nullptr) params.set("term", term);
  StoreLocks locks(services_.store);
  std::vector<std::unique_ptr<solve::Lock>> held;
  auto names = cache_mount_locks(exec_);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto& name : names) held.push_back(locks.lock(name, stop));
  std::vector<int> fds = {entry.terminal};
  if (entry.terminal < 0) fds = {entry.out, entry.err, entry.in};
  return call_exec(std::move(params), std::move(fds), stop);
}

std::vector<solve::ResultPtr> ExecStep::commit(const std::stop_token& stop) {
  for (const auto& [output, index] : writable_) {
    refuse_secrets(active_.mounts(index).upper, vertex_, services_, stop);
  }
  std::vector<solve::ResultPtr> results;
  for (const auto& [output, index] : writable_) {
    const auto place = static_cast<std::size_t>(output);
    if (place >= results.size()) results.resize(place + 1);
    results[place] = make_snapshot_result(active_.commit(index));
  }
  return results;
}

/// What the helper must mount for one mount of the op.
base::Json ExecStep::prepare_mount(const llb::Mount& mount, const std::vector<solve::ResultPtr>& inputs,
                                   const std::vector<solve::ResultPtr>& made, const std::stop_token& stop) {
  base::Json json = base::Json::object();
  if (mount.type == llb::MountType::tmpfs) return json;
  if (mount.type == llb::MountType::secret) return secret_mount(*mount.secret);
  snapshot::Chain chain;
  if (mount.input != llb::kEmpty) {
    chain = materialize(inputs.at(static_cast<std::size_t>(mount.input)), services_, stop);
  }
  if (mount.type == llb::MountType::cache) {
    if (mount.input != llb::kEmpty) json.set("seed", services_.snapshots.view(chain).to_json());
    return json.set("directory", cache_directory(*mount.cache, chain, stop));
  }
  if (mount.readonly) return json.set("mount", services_.snapshots.view(chain).to_json());
  if (mount.output >= 0 && static_cast<std::size_t>(mount.output) < made.size()) {
    chain = materialize(made[static_cast<std::size_t>(mount.output)], services_, stop);
  }
  const std::size_t index = active_.prepare(chain);
  if (mount.output != llb::kSkipOutput) writable_[mount.output] = index;
  return json.set("mount", active_.mounts(index).to_json());
}

/// A cache is its id and what it was seeded from, as with BuildKit. A private one that another step is using now, in
/// whatever process, is left to it: this step takes the next of the same name, which is new or was left behind.
std::string ExecStep::cache_directory(const llb::CacheOpt& cache, const snapshot::Chain& seed,
                                      const std::stop_token& stop) {
  std::string name = cache.id + (seed.empty() ? "" : "\n" + snapshot::chain_key(seed));
  if (cache.sharing == llb::CacheSharing::private_) {
    for (int number = 0;; ++number) {
      const std::string own = number == 0 ? name : base::format("{}\n#{}", name, number);
      auto lock = services_.store.try_lock("private cache mount " + own);
      if (!lock) continue;
      caches_.push_back(std::move(*lock));
      name = own;
      break;
    }
  }
  const std::string directory = cache_mount_directory(services_.store, name);
  base::make_directories(directory);
  if (services_.cache_mounts != nullptr && name == cache.id && !base::exists(directory + "/data")) {
    services_.cache_mounts->fill(cache.id, directory, stop);
  }
  return directory;
}

base::Json ExecStep::ssh_mount(const llb::SshOpt& ssh) {
  base::Json json = base::Json::object();
  const std::string id = ssh.id.empty() ? "default" : ssh.id;
  if (ssh.optional && !services_.ssh.knows(id)) return json;
  sockets_.push_back(services_.ssh.open(id));
  return json.set("socket", sockets_.back()->path());
}

base::Json ExecStep::secret_mount(const llb::SecretOpt& secret) const {
  base::Json json = base::Json::object();
  const auto value = services_.secrets.value(secret.id, secret.optional);
  if (value) json.set("secret", encode_bytes(*value));
  return json;
}

base::Json ExecStep::secret_values() const {
  base::Json json = base::Json::object();
  for (const auto& secret : exec_.secret_env) {
    const auto value = services_.secrets.value(secret.id, secret.optional);
    if (value) json.set(secret.name, encode_bytes(*value));
  }
  return json;
}

base::Json ExecStep::limits() const {
  base::Json json = base::Json::object();
  json.set("memory", resources_->memory).set("memory_swap", resources_->memory_swap);
  json.set("cpu_shares", resources_->cpu_shares).set("cpu_period", resources_->cpu_period);
  json.set("cpu_quota", resources_->cpu_quota);
  json.set("cpuset_cpus", resources_->cpuset_cpus).set("cpuset_mems", resources_->cpuset_mems);
  return json;
}

void ExecStep::forward(int fd, int stream) {
  MaskedLog log(services_.secrets.needles(), [&](std::string_view text) {
    try {
      services_.events.log(vertex_, stream, text);
    } catch (const std::exception& error) {
      // Whatever listens is broken, but the pipe must be drained or the step would wait for ever.
      base::log_warn("log of a step: {}", error.what());
    }
  });
  char buffer[16384];
  for (;;) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    log.write({buffer, static_cast<std::size_t>(got)});
  }
  log.finish();
}

void ExecStep::check(const sandbox::RunResult& result, const std::vector<std::string>& refusals) const {
  const auto& valid = exec_.meta.valid_exit_codes;
  const bool ok =
      valid.empty() ? result.exit_code == 0 : std::find(valid.begin(), valid.end(), result.exit_code) != valid.end();
  for (const auto& refusal : refusals) {
    if (ok) services_.events.warn(vertex_, "a request of the step was refused, and it went on without: " + refusal);
  }
  if (ok) return;
  if (!refusals.empty()) {
    base::Error error(base::Code::permission_denied,
                      base::format("process \"{}\" failed with exit code {} after a request was refused: {}",
                                   base::join(exec_.meta.args, " "), result.exit_code, base::join(refusals, "; ")));
    error.set_refusal();
    throw error;
  }
  base::Error error(base::Code::unknown, base::format("process \"{}\" did not complete successfully: exit code: {}",
                                                      base::join(exec_.meta.args, " "), result.exit_code));
  if (is_in_proxied_network()) {
    error.set_hint(
        base::format("the step's only network is the proxy at http://127.0.0.1:{}, as HTTP_PROXY says "
                     "(--proxy-network); programs that do not use it find none",
                     sandbox::ClosedNetwork::kPort));
  }
  if (result.oom) error.set_hint("the step ran out of memory and was killed; raise its memory limit");
  if (!result.foreign.empty()) error.set_hint(sandbox::emulator_hint(result.foreign));
  throw error;
}

}  // namespace ops
