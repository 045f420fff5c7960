// SPDX-License-Identifier: Apache-2.0
// RUN, on the builder's side: what names the step, which layers its mounts stand on, and what becomes
// of its writable ones. The helper does the rest (exec_method.cc).
#include <algorithm>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strings.h"
#include "ops/active_set.h"
#include "ops/content_selection.h"
#include "ops/materialize.h"
#include "ops/op.h"
#include "ops/result.h"
#include "ops/secret_leaks.h"
#include "ops/wire.h"
#include "sandbox/container.h"

namespace ops {
namespace {

constexpr std::string_view kHostNetwork = "network.host";
constexpr std::string_view kInsecure = "security.insecure";

base::Json mount_recipe(const llb::Mount& mount) {
  base::Json json = base::Json::object();
  json.set("dest", mount.dest).set("type", static_cast<int>(mount.type)).set("input", mount.input);
  json.set("output", mount.output).set("readonly", mount.readonly);
  if (mount.tmpfs_size) json.set("size", *mount.tmpfs_size);
  if (mount.cache) json.set("cache", mount.cache->id);
  if (mount.secret) json.set("secret", mount.secret->id).set("mode", std::int64_t{mount.secret->mode});
  if (mount.ssh) json.set("ssh", mount.ssh->id);
  return json;
}

/// The step without what must not change its outcome: proxies, addresses of hosts, secret values.
base::Json exec_recipe(const llb::Op& op, const llb::ExecOp& exec) {
  base::Json json = base::Json::object();
  json.set("op", "exec")
      .set("args", base::Json::strings(exec.meta.args))
      .set("env", base::Json::strings(exec.meta.env));
  json.set("cwd", exec.meta.cwd).set("user", exec.meta.user).set("hostname", exec.meta.hostname);
  json.set("network", static_cast<int>(exec.network)).set("security", static_cast<int>(exec.security));
  base::Json hosts = base::Json::array();
  for (const auto& entry : exec.meta.extra_hosts) hosts.push(entry.host);
  json.set("hosts", std::move(hosts));
  base::Json limits = base::Json::array();
  for (const auto& limit : exec.meta.ulimits) limits.push(base::format("{}={}:{}", limit.name, limit.soft, limit.hard));
  json.set("ulimits", std::move(limits));
  base::Json codes = base::Json::array();
  for (const auto code : exec.meta.valid_exit_codes) codes.push(std::int64_t{code});
  json.set("codes", std::move(codes));
  base::Json mounts = base::Json::array();
  const bool only_root = exec.mounts.size() == 1 && exec.mounts[0].dest == llb::kRootMount && !exec.mounts[0].readonly;
  for (const auto& mount : exec.mounts) {
    if (!only_root) mounts.push(mount_recipe(mount));
  }
  json.set("mounts", std::move(mounts));
  base::Json secrets = base::Json::array();
  for (const auto& secret : exec.secret_env) secrets.push(base::format("{}={}", secret.name, secret.id));
  json.set("secret_env", std::move(secrets));
  if (op.platform) json.set("platform", llb::format_platform(*op.platform));
  return json;
}

bool keyed_by_content(const llb::Mount& mount) {
  if (mount.content_cache == llb::ContentCache::off || mount.dest == llb::kRootMount) return false;
  return mount.content_cache == llb::ContentCache::on || mount.readonly || mount.output == llb::kSkipOutput;
}

std::string quote_command(const std::vector<std::string>& args) { return base::join(args, " "); }

/// Held while a step has a private cache mounted.
using CacheLocks = std::vector<base::FileLock>;

class ExecOp final : public solve::Op {
 public:
  ExecOp(const llb::Vertex& vertex, const Services& services)
      : digest_(vertex.digest),
        op_(vertex.op),
        exec_(std::get<llb::ExecOp>(op_.kind)),
        resources_(vertex.metadata.linux_resources),
        services_(services) {
    require(exec_.network == llb::NetMode::host, kHostNetwork);
    require(exec_.security == llb::SecurityMode::insecure, kInsecure);
  }

  solve::CacheMap cache_map(std::stop_token) override {
    std::vector<solve::InputKey> keys(op_.inputs.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto mounts = mounts_of(i);
      keys[i].by_content = !mounts.empty() && std::all_of(mounts.begin(), mounts.end(),
                                                          [](const auto* mount) { return keyed_by_content(*mount); });
      for (const auto* mount : mounts) keys[i].selector += mount->selector + "\n";
    }
    return solve::CacheMap::of(exec_recipe(op_, exec_), std::move(keys));
  }

  base::Digest content_digest(std::size_t input, const solve::Result& result, std::stop_token stop) override {
    return contents_.digest(input, result, selections_of(input), services_, stop);
  }

  solve::Pool pool() const override { return solve::Pool::sandbox; }

  std::vector<std::string> locks() const override {
    std::vector<std::string> names;
    for (const auto& mount : exec_.mounts) {
      if (mount.type == llb::MountType::cache && mount.cache && mount.cache->sharing == llb::CacheSharing::locked) {
        names.push_back("cache-mount " + mount.cache->id);
      }
    }
    return names;
  }

  /// A cache mount that is written to, and whatever a privileged step did to the machine, is in no result.
  bool compares_outcome() const override {
    if (exec_.security == llb::SecurityMode::insecure) return false;
    return std::all_of(exec_.mounts.begin(), exec_.mounts.end(), [](const llb::Mount& mount) {
      if (mount.type == llb::MountType::cache) return mount.readonly;
      return mount.dest == llb::kRootMount || mount.output == llb::kSkipOutput;
    });
  }

  bool same_outcome(const std::vector<solve::ResultPtr>& now, const std::vector<solve::ResultPtr>& before,
                    std::stop_token stop) override {
    if (now.size() != 1 || before.size() != 1 || services_.snapshots.driver() != snapshot::Driver::overlay)
      return false;
    const snapshot::Chain& made = chain_of(*now[0]);
    const snapshot::Chain& made_before = chain_of(*before[0]);
    if (made.empty() || made_before.empty()) return false;
    base::Json params = base::Json::object();
    params.set("layers", base::Json::strings({services_.snapshots.layer_directory(made.back()),
                                              services_.snapshots.layer_directory(made_before.back())}));
    return services_.worker.call("compare", params, {}, stop).result["same"].bool_or(false);
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>& inputs, std::stop_token stop) override {
    ActiveSet active(services_.snapshots);
    base::Json mounts = base::Json::array();
    std::map<std::int64_t, std::size_t> writable;  // output → index in `active`
    std::vector<std::unique_ptr<SshSocket>> sockets;
    CacheLocks caches;  // until the step has ended
    for (const auto& mount : exec_.mounts) {
      mounts.push(mount.type == llb::MountType::ssh ? ssh_mount(*mount.ssh, sockets)
                                                    : prepare_mount(mount, inputs, active, writable, caches, stop));
    }
    base::Json params = base::Json::object();
    params.set("op", encode_bytes(llb::marshal(op_))).set("mounts", std::move(mounts));
    params.set("secret_env", secret_values());
    if (resources_) params.set("limits", limits());
    for (std::size_t i = 0; i < inputs.size(); ++i) contents_.verify(i, *inputs[i], selections_of(i), services_, stop);
    execute(params, stop);
    for (const auto& [output, index] : writable) {
      refuse_secrets(active.mounts(index).upper, digest_, services_, stop);
    }
    std::vector<solve::ResultPtr> results;
    for (const auto& [output, index] : writable) {
      if (static_cast<std::size_t>(output) >= results.size()) results.resize(static_cast<std::size_t>(output) + 1);
      results[static_cast<std::size_t>(output)] = make_snapshot_result(active.commit(index));
    }
    return results;
  }

 private:
  void require(bool wanted, std::string_view entitlement) const {
    if (!wanted || services_.settings.entitlements.contains(std::string(entitlement))) return;
    base::Error error(base::Code::permission_denied, base::format("{} is not allowed", entitlement));
    error.set_hint(base::format("give the build --allow {} if you trust this Dockerfile with it", entitlement));
    throw error;
  }

  std::vector<const llb::Mount*> mounts_of(std::size_t input) const {
    std::vector<const llb::Mount*> mounts;
    for (const auto& mount : exec_.mounts) {
      if (mount.input == static_cast<std::int64_t>(input)) mounts.push_back(&mount);
    }
    return mounts;
  }

  std::vector<Selection> selections_of(std::size_t input) const {
    std::vector<Selection> selections;
    for (const auto* mount : mounts_of(input)) selections.push_back(Selection::whole(mount->selector));
    return selections;
  }

  /// What the helper must mount for one mount of the op.
  base::Json prepare_mount(const llb::Mount& mount, const std::vector<solve::ResultPtr>& inputs, ActiveSet& active,
                           std::map<std::int64_t, std::size_t>& writable, CacheLocks& caches,
                           const std::stop_token& stop) {
    base::Json json = base::Json::object();
    if (mount.type == llb::MountType::tmpfs) return json;
    if (mount.type == llb::MountType::secret) return secret_mount(*mount.secret);
    snapshot::Chain chain;
    if (mount.input != llb::kEmpty) {
      chain = materialize(inputs.at(static_cast<std::size_t>(mount.input)), services_, stop);
    }
    if (mount.type == llb::MountType::cache) {
      if (mount.input != llb::kEmpty) json.set("seed", services_.snapshots.view(chain).to_json());
      return json.set("directory", cache_directory(*mount.cache, chain, caches));
    }
    if (mount.readonly) return json.set("mount", services_.snapshots.view(chain).to_json());
    const std::size_t index = active.prepare(chain);
    if (mount.output != llb::kSkipOutput) writable[mount.output] = index;
    return json.set("mount", active.mounts(index).to_json());
  }

  /// A cache is its id and what it was seeded from, as with BuildKit. A private one that another step is using now, in
  /// whatever process, is left to it: this step takes the next of the same name, which is new or was left behind.
  std::string cache_directory(const llb::CacheOpt& cache, const snapshot::Chain& seed, CacheLocks& caches) const {
    std::string name = cache.id + (seed.empty() ? "" : "\n" + snapshot::chain_key(seed));
    if (cache.sharing == llb::CacheSharing::private_) {
      for (int number = 0;; ++number) {
        const std::string own = number == 0 ? name : base::format("{}\n#{}", name, number);
        auto lock = services_.store.try_lock("private cache mount " + own);
        if (!lock) continue;
        caches.push_back(std::move(*lock));
        name = own;
        break;
      }
    }
    const std::string directory = services_.store.root() + "/cache-mounts/" + base::sha256(name).hex().substr(0, 32);
    base::make_directories(directory);
    return directory;
  }

  base::Json ssh_mount(const llb::SshOpt& ssh, std::vector<std::unique_ptr<SshSocket>>& sockets) const {
    base::Json json = base::Json::object();
    const std::string id = ssh.id.empty() ? "default" : ssh.id;
    if (ssh.optional && !services_.ssh.knows(id)) return json;
    sockets.push_back(services_.ssh.open(id));
    return json.set("socket", sockets.back()->path());
  }

  base::Json secret_mount(const llb::SecretOpt& secret) const {
    base::Json json = base::Json::object();
    const auto value = services_.secrets.value(secret.id, secret.optional);
    if (value) json.set("secret", encode_bytes(*value));
    return json;
  }

  base::Json secret_values() const {
    base::Json json = base::Json::object();
    for (const auto& secret : exec_.secret_env) {
      const auto value = services_.secrets.value(secret.id, secret.optional);
      if (value) json.set(secret.name, encode_bytes(*value));
    }
    return json;
  }

  base::Json limits() const {
    base::Json json = base::Json::object();
    json.set("memory", resources_->memory).set("memory_swap", resources_->memory_swap);
    json.set("cpu_shares", resources_->cpu_shares).set("cpu_period", resources_->cpu_period);
    json.set("cpu_quota", resources_->cpu_quota);
    json.set("cpuset_cpus", resources_->cpuset_cpus).set("cpuset_mems", resources_->cpuset_mems);
    return json;
  }

  /// Runs the container in the helper while two threads carry its output to the events.
  void execute(const base::Json& params, const std::stop_token& stop) {
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
        const int fds[] = {out.write.get(), err.write.get()};
        result = sandbox::run_result_from_json(services_.worker.call("exec", params, fds, stop).result);
      } catch (...) {
        close_writers();
        throw;
      }
      close_writers();
    }
    for (const auto& note : result.notes) services_.events.warn(digest_, note);
    check(result);
  }

  void forward(int fd, int stream) {
    MaskedLog log(services_.secrets.needles(), [&](std::string_view text) {
      try {
        services_.events.log(digest_, stream, text);
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

  void check(const sandbox::RunResult& result) const {
    const auto& valid = exec_.meta.valid_exit_codes;
    const bool ok =
        valid.empty() ? result.exit_code == 0 : std::find(valid.begin(), valid.end(), result.exit_code) != valid.end();
    if (ok) return;
    base::Error error(base::Code::unknown, base::format("process \"{}\" did not complete successfully: exit code: {}",
                                                        quote_command(exec_.meta.args), result.exit_code));
    if (result.oom) error.set_hint("the step ran out of memory and was killed; raise its memory limit");
    throw error;
  }

  base::Digest digest_;
  llb::Op op_;
  const llb::ExecOp& exec_;
  std::optional<llb::LinuxResources> resources_;
  const Services& services_;
  ContentDigests contents_;
};

}  // namespace

std::shared_ptr<solve::Op> make_exec(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<ExecOp>(vertex, services);
}

}  // namespace ops
