// SPDX-License-Identifier: Apache-2.0
// RUN, on the builder's side: what names the step. exec_step.h runs it.
#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "llb/buildkit_key.h"
#include "ops/content_selection.h"
#include "ops/exec_step.h"
#include "ops/op.h"
#include "ops/result.h"
#include "ops/wire.h"

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

const std::vector<solve::ResultPtr> kAtItsStart;

std::vector<std::string> keyed_secrets(const llb::OpMetadata& metadata) {
  const auto found = metadata.description.find(llb::kKeyedSecrets);
  if (found == metadata.description.end()) return {};
  return base::split(base::trim(found->second, "\n"), '\n');
}

class ExecOp final : public solve::Op {
 public:
  ExecOp(const llb::Vertex& vertex, const Services& services)
      : digest_(vertex.digest),
        op_(vertex.op),
        exec_(std::get<llb::ExecOp>(op_.kind)),
        resources_(vertex.metadata.linux_resources),
        keyed_secrets_(keyed_secrets(vertex.metadata)),
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
    base::Json recipe = exec_recipe(op_, exec_);
    if (!keyed_secrets_.empty()) recipe.set("secret_values", secret_names());
    const bool proxied = services_.proxy != nullptr && is_proxied(exec_);
    if (proxied) recipe.set("proxy", services_.proxy->recipe());
    auto map = solve::CacheMap::of(std::move(recipe), std::move(keys));
    // Values of secrets are in our keys where that was asked for; BuildKit's never have them. Nor do others' records
    // say what a step fetched.
    if (keyed_secrets_.empty() && !proxied) map.common = common_key();
    return map;
  }

  base::Digest content_digest(std::size_t input, const solve::Result& result, std::stop_token stop) override {
    return contents_.digest(input, result, selections_of(input), services_, stop);
  }

  std::vector<base::Digest> common_content(std::size_t input, const solve::Result& result,
                                           std::stop_token stop) override {
    return ContentDigests::common(result, selections_of(input), services_, stop);
  }

  solve::Pool pool() const override { return solve::Pool::sandbox; }

  std::vector<std::string> locks() const override { return cache_mount_locks(exec_); }

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
    if (now.size() != 1 || before.size() != 1 || services_.snapshots.driver() == snapshot::Driver::native) return false;
    const snapshot::Chain& made = chain_of(*now[0]);
    const snapshot::Chain& made_before = chain_of(*before[0]);
    if (made.empty() || made_before.empty()) return false;
    base::Json params = base::Json::object();
    params.set("layers", base::Json::strings({services_.snapshots.layer_directory(made.back()),
                                              services_.snapshots.layer_directory(made_before.back())}));
    return services_.worker.call("compare", params, {}, stop).result["same"].bool_or(false);
  }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>& inputs, std::stop_token stop) override {
    fetched_ = {};
    auto step = std::make_unique<ExecStep>(digest_, op_, resources_, services_, inputs, kAtItsStart, stop);
    for (std::size_t i = 0; i < inputs.size(); ++i) contents_.verify(i, *inputs[i], selections_of(i), services_, stop);
    try {
      step->run(stop);
    } catch (const base::Error&) {
      services_.by_hand.failed(digest_, std::move(step));
      throw;
    }
    fetched_ = step->fetched();
    return step->commit(stop);
  }

  base::Json facts() const override { return fetched_; }

 private:
  /// The values that are part of the key, each by a name that only this store can make.
  base::Json secret_names() const {
    base::Json names = base::Json::object();
    for (const auto& id : keyed_secrets_) names.set(id, services_.secrets.name_of_value(id));
    return names;
  }

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

  solve::CommonKey common_key() const {
    solve::CommonKey common{{llb::buildkit_record(llb::buildkit_exec_key(op_))}, {}};
    for (std::size_t i = 0; i < op_.inputs.size(); ++i) {
      std::vector<std::string> paths;
      for (const auto* mount : mounts_of(i)) paths.push_back(base::clean_path("/" + mount->selector));
      const auto mounts = mounts_of(i);
      const bool by_content = !mounts.empty() && std::all_of(mounts.begin(), mounts.end(), [](const auto* mount) {
        return keyed_by_content(*mount);
      });
      common.inputs.push_back({llb::buildkit_selector(paths), by_content});
    }
    return common;
  }

  std::vector<Selection> selections_of(std::size_t input) const {
    std::vector<Selection> selections;
    for (const auto* mount : mounts_of(input)) selections.push_back(Selection::whole(mount->selector));
    return selections;
  }

  base::Digest digest_;
  llb::Op op_;
  const llb::ExecOp& exec_;
  std::optional<llb::LinuxResources> resources_;
  std::vector<std::string> keyed_secrets_;
  const Services& services_;
  ContentDigests contents_;
  base::Json fetched_;  ///< of the last run
};

}  // namespace

std::shared_ptr<solve::Op> make_exec(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<ExecOp>(vertex, services);
}

}  // namespace ops
