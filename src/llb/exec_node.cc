// SPDX-License-Identifier: Apache-2.0
// Exec ops under construction.
#include <algorithm>

#include "llb/caps.h"
#include "llb/node.h"

namespace llb {

namespace {

constexpr std::string_view kDefaultPathUnix = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool defines(const std::vector<std::string>& env, std::string_view name) {
  return std::any_of(env.begin(), env.end(), [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

}  // namespace

bool ExecNode::Slot::has_output() const {
  return !mount.no_output && !mount.readonly && !mount.tmpfs_size && mount.cache_id.empty();
}

ExecNode::ExecNode(State base, RunOptions options)
    : Node(std::move(options.op)), base_(std::move(base)), run_(std::move(options)) {
  RunMount root;
  root.target = kRootMount;
  root.source = base_;
  root.readonly = run_.readonly_root;
  slots_.push_back({std::move(root), 0});
  int next = 1;
  for (auto& mount : run_.mounts) slots_.push_back({std::move(mount), next++});
  std::stable_sort(slots_.begin(), slots_.end(),
                   [](const Slot& a, const Slot& b) { return a.mount.target < b.mount.target; });
}

std::vector<Output> ExecNode::inputs() const {
  std::vector<Output> outputs;
  for (const auto& slot : slots_) {
    if (!slot.mount.source.output().empty()) outputs.push_back(slot.mount.source.output());
  }
  return outputs;
}

std::int64_t ExecNode::output_index(int wanted) const {
  std::int64_t index = 0;
  for (const auto& slot : slots_) {
    if (slot.slot == wanted) {
      if (slot.has_output()) return index;
      base::fail(base::Code::invalid_argument, "mount {} has no output and can't be used as a parent",
                 slot.mount.target);
    }
    if (slot.has_output()) ++index;
  }
  base::fail(base::Code::invalid_argument, "invalid mount");
}

Meta ExecNode::make_meta(const MarshalContext& context) {
  const auto& values = values_of(base_);
  Meta meta;
  meta.args = run_.args;
  meta.cwd = values.dir;
  if (meta.args.empty()) base::fail(base::Code::invalid_argument, "arguments are required");
  if (meta.cwd.empty()) base::fail(base::Code::invalid_argument, "working directory is required");
  meta.env = base_.env_entries();
  for (std::size_t i = 0; i < run_.ssh.size(); ++i) {
    if (run_.ssh[i].target.empty()) run_.ssh[i].target = "/run/buildkit/ssh_agent." + std::to_string(i);
  }
  if (!run_.ssh.empty() && !defines(meta.env, "SSH_AUTH_SOCK")) {
    meta.env.push_back("SSH_AUTH_SOCK=" + run_.ssh.front().target);
  }
  if (context.caps != nullptr) {
    if (context.caps->contains(std::string(cap::kExecMetaSetsDefaultPath))) {
      add_cap(cap::kExecMetaSetsDefaultPath);
    } else if (context.platform.os != "windows" && !defines(meta.env, "PATH")) {
      meta.env.push_back("PATH=" + std::string(kDefaultPathUnix));
    }
  }
  meta.user = values.user;
  meta.hostname = values.hostname;
  meta.cgroup_parent = run_.cgroup_parent.value_or(values.cgroup_parent);
  meta.remove_mount_stubs_recursive = true;
  meta.valid_exit_codes = run_.valid_exit_codes;
  meta.proxy_env = run_.proxy;
  meta.extra_hosts = values.extra_hosts;
  meta.extra_hosts.insert(meta.extra_hosts.end(), run_.extra_hosts.begin(), run_.extra_hosts.end());
  meta.ulimits = values.ulimits;
  meta.ulimits.insert(meta.ulimits.end(), run_.ulimits.begin(), run_.ulimits.end());
  return meta;
}

void ExecNode::add_caps(const ExecOp& exec) {
  add_cap(cap::kExecMetaBase);
  if (!exec.meta.valid_exit_codes.empty()) add_cap(cap::kExecValidExitCode);
  if (!exec.meta.ulimits.empty()) add_cap(cap::kExecMetaUlimit);
  if (options_.metadata.linux_resources) add_cap(cap::kExecMetaLinuxResources);
  if (exec.network != NetMode::sandbox) add_cap(cap::kExecMetaNetwork);
  if (exec.security == SecurityMode::insecure) add_cap(cap::kExecMetaSecurity);
  if (exec.meta.proxy_env) add_cap(cap::kExecMetaProxy);
  for (const auto& slot : slots_) {
    const auto& mount = slot.mount;
    if (!mount.selector.empty()) add_cap(cap::kExecMountSelector);
    if (!mount.cache_id.empty()) {
      add_cap(cap::kExecMountCache);
      add_cap(cap::kExecMountCacheSharing);
    } else if (mount.tmpfs_size) {
      add_cap(cap::kExecMountTmpfs);
      if (*mount.tmpfs_size > 0) add_cap(cap::kExecMountTmpfsSize);
    } else if (!mount.source.output().empty()) {
      add_cap(cap::kExecMountBind);
    }
    if (mount.content_cache != ContentCache::default_) add_cap(cap::kExecMountContentCache);
  }
  if (!run_.secrets.empty()) add_cap(cap::kExecMountSecret);
  for (const auto& secret : run_.secrets) {
    if (secret.env) add_cap(cap::kExecSecretEnv);
  }
  if (!run_.ssh.empty()) add_cap(cap::kExecMountSsh);
  if (!run_.devices.empty()) add_cap(cap::kExecMetaCdi);
}

Mount ExecNode::make_mount(const Slot& slot, std::int64_t input, std::int64_t output) const {
  const auto& from = slot.mount;
  Mount mount;
  mount.input = input;
  mount.dest = from.target;
  mount.readonly = from.readonly;
  mount.output = output;
  mount.selector = from.selector;
  mount.content_cache = from.content_cache;
  if (!from.cache_id.empty()) {
    mount.type = MountType::cache;
    mount.cache = CacheOpt{from.cache_id, from.sharing};
  }
  if (from.tmpfs_size) {
    mount.type = MountType::tmpfs;
    mount.tmpfs_size = from.tmpfs_size;
  }
  return mount;
}

void ExecNode::add_secrets(ExecOp& exec) const {
  for (const auto& secret : run_.secrets) {
    if (secret.env) exec.secret_env.push_back({secret.id, *secret.env, secret.optional});
    if (!secret.target) continue;
    Mount mount;
    mount.input = kEmpty;
    mount.dest = *secret.target;
    mount.type = MountType::secret;
    mount.secret = SecretOpt{secret.id, secret.uid, secret.gid, secret.mode, secret.optional};
    exec.mounts.push_back(std::move(mount));
  }
  for (const auto& ssh : run_.ssh) {
    Mount mount;
    mount.input = kEmpty;
    mount.dest = ssh.target;
    mount.type = MountType::ssh;
    mount.ssh = SshOpt{ssh.id, ssh.uid, ssh.gid, ssh.mode, ssh.optional};
    exec.mounts.push_back(std::move(mount));
  }
}

void ExecNode::describe(const MarshalContext& context, Op& op) {
  const auto& values = values_of(base_);
  ExecOp exec;
  exec.meta = make_meta(context);
  exec.network = run_.network.value_or(values.network);
  exec.security = run_.security.value_or(values.security);
  exec.cdi_devices = run_.devices;
  add_caps(exec);
  if (!options_.platform) options_.platform = values.platform;
  std::int64_t outputs = 0;
  for (const auto& slot : slots_) {
    if (slot.mount.tmpfs_size && !slot.mount.source.output().empty()) {
      base::fail(base::Code::invalid_argument, "tmpfs mounts must use scratch");
    }
    const auto input = add_input(slot.mount.source.output(), context, op);
    exec.mounts.push_back(make_mount(slot, input, slot.has_output() ? outputs++ : kSkipOutput));
  }
  add_secrets(exec);
  op.kind = std::move(exec);
}

}  // namespace llb
