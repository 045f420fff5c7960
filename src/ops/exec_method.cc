// SPDX-License-Identifier: Apache-2.0
// RUN, inside the helper: mounts the step's trees, runs the container, unmounts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "llb/op.h"
#include "ops/copy.h"
#include "ops/file_actions.h"
#include "ops/methods.h"
#include "ops/mounted_tree.h"
#include "ops/reversed_tree.h"
#include "ops/trusted_bundle.h"
#include "ops/wire.h"
#include "sandbox/container.h"
#include "sandbox/network_namespace.h"
#include "sandbox/pass_fd.h"

namespace ops {
namespace {

constexpr std::size_t kMaxNotes = 5;
constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool has_variable(const std::vector<std::string>& env, std::string_view name) {
  return std::any_of(env.begin(), env.end(), [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

void add_proxies(std::vector<std::string>& env, const llb::ProxyEnv& proxy) {
  const std::pair<const char*, const std::string*> values[] = {{"HTTP_PROXY", &proxy.http_proxy},
                                                               {"HTTPS_PROXY", &proxy.https_proxy},
                                                               {"FTP_PROXY", &proxy.ftp_proxy},
                                                               {"NO_PROXY", &proxy.no_proxy},
                                                               {"ALL_PROXY", &proxy.all_proxy}};
  for (const auto& [name, value] : values) {
    if (value->empty()) continue;
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c == '_' ? c : static_cast<char>(c | 32); });
    env.push_back(base::format("{}={}", name, *value));
    env.push_back(base::format("{}={}", lower, *value));
  }
}

/// Beside what the bundles of the root have: programs that bring certificates of their own take these variables.
constexpr std::string_view kCertificate = "/dev/slipway-proxy-ca.pem";
constexpr const char* kCertificateVariables[] = {
    "SSL_CERT_FILE",  "NIX_SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE",  "DENO_CERT",
};

void set_variable(std::vector<std::string>& env, const std::string& name, const std::string& value) {
  std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  if (!value.empty()) env.push_back(name + "=" + value);
}

/// The one way out, whatever the image or the command line said of others.
void set_proxy(std::vector<std::string>& env) {
  const std::string proxy = base::format("http://127.0.0.1:{}", sandbox::ClosedNetwork::kPort);
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}) set_variable(env, name, proxy);
  for (const char* name : {"ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy"}) set_variable(env, name, "");
  // What a step serves to itself is reached without.
  for (const char* name : {"NO_PROXY", "no_proxy"}) set_variable(env, name, "127.0.0.1,localhost,::1");
  for (const char* name : kCertificateVariables) set_variable(env, name, std::string(kCertificate));
}

sandbox::Limits limits_from_json(const base::Json& json) {
  sandbox::Limits limits;
  limits.memory = json["memory"].int_or(0);
  limits.memory_swap = json["memory_swap"].int_or(0);
  limits.cpu_shares = static_cast<std::uint64_t>(json["cpu_shares"].int_or(0));
  limits.cpu_period = static_cast<std::uint64_t>(json["cpu_period"].int_or(0));
  limits.cpu_quota = json["cpu_quota"].int_or(0);
  limits.cpuset_cpus = json["cpuset_cpus"].string_or("");
  limits.cpuset_mems = json["cpuset_mems"].string_or("");
  return limits;
}

/// Everything one RUN has mounted; unmounted in reverse when it goes.
class Stage {
 public:
  explicit Stage(const MethodCall& call)
      : call_(call),
        op_(llb::unmarshal(decode_bytes(call.params["op"].as_string()))),
        exec_(std::get<llb::ExecOp>(op_.kind)),
        directory_(call.scratch()) {
    base::make_directories(directory_, 0700);
    if (is_proxied()) bundle_.emplace(call.params["proxy"]["certificate"].as_string(), directory_ + "/bundle");
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() {
    unbind();
    while (!trees_.empty()) trees_.pop_back();
    try {
      base::remove_tree(directory_);
    } catch (const base::Error&) {
      // It lies on the helper's own tmpfs.
    }
  }

  base::Json run() {
    mount_all();
    describe_process();
    auto result = sandbox::run_container(call_.world, spec_, streams(), call_.stop);
    unbind();
    while (!trees_.empty()) {
      trees_.back()->finish();
      trees_.pop_back();
    }
    if (bundle_) clean_bundle(result);
    return sandbox::to_json(result);
  }

 private:
  sandbox::Streams streams() const {
    if (spec_.terminal) return {.terminal = call_.fd(0)};
    const std::size_t given = call_.fds.size() - (is_proxied() ? 1 : 0);
    return {.in = given > 2 ? call_.fd(2) : -1, .out = call_.fd(0), .err = call_.fd(1)};
  }

  void unbind() {
    for (; !bound_.empty(); bound_.pop_back()) snapshot::detach(bound_.back());
  }

  void mount_all() {
    for (std::size_t i = 0; i < exec_.mounts.size(); ++i) {
      if (exec_.mounts[i].dest == llb::kRootMount) mount_root(i);
    }
    if (spec_.rootfs.empty()) base::fail(base::Code::invalid_argument, "the step has no root filesystem");
    if (bundle_) trust_proxy();
    for (std::size_t i = 0; i < exec_.mounts.size(); ++i) {
      if (exec_.mounts[i].dest != llb::kRootMount) mount(i);
    }
  }

  MountedTree& tree(std::size_t index, const std::string& path) {
    base::make_directories(path);
    auto spec = snapshot::MountSpec::from_json(request(index)["mount"]);
    if (bundle_ && path == spec_.rootfs) {
      bundle_->add_to(spec, call_.driver(), call_.scratch(), call_.stop);
      upper_ = spec.upper;
    }
    trees_.push_back(std::make_unique<MountedTree>(std::move(spec), call_.driver(), call_.scratch(), call_.stop));
    trees_.back()->attach(path);
    return *trees_.back();
  }

  const base::Json& request(std::size_t index) const { return call_.params["mounts"].items().at(index); }

  void mount_root(std::size_t index) {
    spec_.rootfs = directory_ + "/root";
    root_ = tree(index, spec_.rootfs).fd();
    if (call_.params["reversed"].bool_or(false)) reverse_root();
    if (exec_.mounts[index].readonly) spec_.root_access = sandbox::RootAccess::read_only;
  }

  bool is_proxied() const { return call_.params.contains("proxy"); }

  void trust_proxy() {
    for (auto& mount : bundle_->mounts(root_, call_.driver())) spec_.mounts.push_back(std::move(mount));
    const std::string path = directory_ + "/proxy-ca.pem";
    base::write_file_atomic(path, call_.params["proxy"]["certificate"].as_string());
    spec_.mounts.push_back({std::string(kCertificate), "bind", path, {"rbind", "ro", "nosuid", "nodev", "noexec"}});
  }

  void clean_bundle(sandbox::RunResult& result) const {
    const auto left = bundle_->clean(upper_, call_.stop);
    for (std::size_t i = 0; i < std::min(left.size(), kMaxNotes); ++i) {
      result.notes.push_back(
          base::format("the certificate of the build's proxy stays in {}, where the step put it", left[i]));
    }
    if (left.size() > kMaxNotes) result.notes.push_back(base::format("and in {} more files", left.size() - kMaxNotes));
  }

  void reverse_root() {
    const std::string point = directory_ + "/reversed";
    base::make_directories(point);
    mount_reversed(spec_.rootfs, point);
    bound_.push_back(point);
    spec_.rootfs = point;
  }

  void mount(std::size_t index) {
    const llb::Mount& mount = exec_.mounts[index];
    switch (mount.type) {
      case llb::MountType::bind: mount_bind(index); return;
      case llb::MountType::cache: mount_cache(index); return;
      case llb::MountType::tmpfs: mount_tmpfs(mount); return;
      case llb::MountType::secret: mount_secret(index); return;
      case llb::MountType::ssh: mount_ssh(index); return;
    }
  }

  std::string target(const llb::Mount& mount) const {
    return base::is_absolute(mount.dest) ? base::clean_path(mount.dest)
                                         : base::join_path(exec_.meta.cwd.empty() ? "/" : exec_.meta.cwd, mount.dest);
  }

  void add_bind(const llb::Mount& mount, const std::string& source, std::vector<std::string> options) {
    options.insert(options.begin(), {"rbind", mount.readonly ? "ro" : "rw"});
    spec_.mounts.push_back({target(mount), "bind", source, std::move(options)});
  }

  /// The opened file or directory at a path that nobody else can write to. Going by a path inside the
  /// tree would follow links that another step may just be putting there.
  std::string bind_privately(int source, std::size_t index) {
    const std::string path = base::format("{}/b{}", directory_, index);
    struct stat info;
    SLIP_SYSCALL(::fstat(source, &info), "stat a mount source");
    if (S_ISDIR(info.st_mode)) {
      base::make_directories(path);
    } else {
      base::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    }
    snapshot::attach(snapshot::clone_mount(source).get(), path);
    bound_.push_back(path);
    return path;
  }

  void mount_bind(std::size_t index) {
    const llb::Mount& mount = exec_.mounts[index];
    const std::string path = base::format("{}/m{}", directory_, index);
    const auto source = base::open_in_root_if_exists(tree(index, path).fd(), mount.selector, O_PATH);
    if (!source) base::fail(base::Code::not_found, "mount source {} does not exist", mount.selector);
    add_bind(mount, bind_privately(source->get(), index), {});
  }

  void mount_cache(std::size_t index) {
    const llb::Mount& mount = exec_.mounts[index];
    const std::string data = request(index)["directory"].as_string() + "/data";
    seed_cache(index, data);
    const base::Fd root = base::open_directory(data);
    auto source = base::open_in_root_if_exists(root.get(), mount.selector, O_PATH);
    if (!source) {
      make_directory(root.get(), {.path = mount.selector, .mode = 0755, .make_parents = true});
      source = base::open_in_root(root.get(), mount.selector, O_PATH);
    }
    add_bind(mount, bind_privately(source->get(), index), {});
  }

  /// A new cache begins as a copy of what the mount names as its source.
  void seed_cache(std::size_t index, const std::string& data);

  void mount_tmpfs(const llb::Mount& mount) {
    const std::int64_t size = mount.tmpfs_size.value_or(0);
    if (target(mount) == "/dev/shm") {
      spec_.shm_size = static_cast<std::uint64_t>(size);
      return;
    }
    std::vector<std::string> options = {"nosuid", "mode=1777"};
    if (mount.readonly) options.push_back("ro");
    if (size > 0) options.push_back(base::format("size={}", size));
    spec_.mounts.push_back({target(mount), "tmpfs", "tmpfs", std::move(options)});
  }

  void mount_secret(std::size_t index) {
    if (!request(index).contains("secret")) return;
    const llb::Mount& mount = exec_.mounts[index];
    const std::string path = base::format("{}/s{}", directory_, index);
    const base::Fd file = base::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    base::write_all(file.get(), decode_bytes(request(index)["secret"].as_string()));
    SLIP_SYSCALL(::fchown(file.get(), mount.secret->uid, mount.secret->gid), "set the owner of secret {}",
                 mount.secret->id);
    SLIP_SYSCALL(::fchmod(file.get(), mount.secret->mode & 07777U), "set the mode of secret {}", mount.secret->id);
    spec_.mounts.push_back({target(mount), "bind", path, {"rbind", "ro", "nosuid", "nodev", "noexec"}});
  }

  /// The builder listens at a socket of this step's own (ssh_forward.h).
  void mount_ssh(std::size_t index) {
    if (!request(index).contains("socket")) return;
    const llb::Mount& mount = exec_.mounts[index];
    const std::string path = request(index)["socket"].as_string();
    SLIP_SYSCALL(::chown(path.c_str(), mount.ssh->uid, mount.ssh->gid), "set the owner of the ssh socket");
    SLIP_SYSCALL(::chmod(path.c_str(), mount.ssh->mode & 07777U), "set the mode of the ssh socket");
    spec_.mounts.push_back({target(mount), "bind", path, {"rbind", "ro", "nosuid", "nodev", "noexec"}});
  }

  /// A network of the step's own, with the builder's proxy at its one socket.
  void close_network() {
    base::with_context([&] { closed_.emplace(call_.world); }, "closing the step's network (--proxy-network)");
    const auto fd = static_cast<std::size_t>(call_.params["proxy"]["fd"].as_int());
    if (!sandbox::send_fd(call_.fd(fd), closed_->listener())) {
      base::fail(base::Code::internal, "the step's proxy does not take its socket");
    }
    closed_->close_listener();
    spec_.network = sandbox::Network::closed;
    spec_.network_path = closed_->path();
    spec_.resolv_conf = "# names are resolved by the proxy of the build\n";
  }

  void choose_network() {
    if (is_proxied()) return close_network();
    if (exec_.network == llb::NetMode::none) spec_.network = sandbox::Network::none;
    if (exec_.network != llb::NetMode::sandbox) return;
    if (const auto* joined = call_.network.join()) {
      spec_.network = sandbox::Network::joined;
      spec_.network_path = joined->path;
      spec_.resolv_conf = joined->resolv_conf;
    }
  }

  void describe_process() {
    const llb::Meta& meta = exec_.meta;
    const auto files = sandbox::read_user_files(root_);
    spec_.argv = call_.params.contains("argv") ? call_.params["argv"].string_items() : meta.args;
    spec_.terminal = call_.params["terminal"].bool_or(false);
    spec_.user = sandbox::resolve_user(meta.user, files);
    spec_.cwd = meta.cwd.empty() ? "/" : meta.cwd;
    spec_.hostname = meta.hostname;
    spec_.cgroup_parent = meta.cgroup_parent;
    choose_network();
    if (exec_.security == llb::SecurityMode::insecure) spec_.security = sandbox::Security::insecure;
    for (const auto& host : meta.extra_hosts) spec_.extra_hosts.push_back({host.host, host.ip});
    for (const auto& limit : meta.ulimits) spec_.ulimits.push_back({limit.name, limit.soft, limit.hard});
    spec_.limits = limits_from_json(call_.params["limits"]);
    spec_.stub_removal =
        meta.remove_mount_stubs_recursive ? sandbox::StubRemoval::with_parents : sandbox::StubRemoval::target_only;
    spec_.env = meta.env;
    if (closed_) {
      set_proxy(spec_.env);
    } else if (meta.proxy_env) {
      add_proxies(spec_.env, *meta.proxy_env);
    }
    for (const auto& [name, value] : call_.params["secret_env"].members()) {
      spec_.env.push_back(base::format("{}={}", name, decode_bytes(value.as_string())));
    }
    if (spec_.terminal && !has_variable(spec_.env, "TERM")) {
      spec_.env.push_back("TERM=" + call_.params["term"].string_or("linux"));
    }
    if (!has_variable(spec_.env, "PATH")) spec_.env.push_back(base::format("PATH={}", kDefaultPath));
    if (!has_variable(spec_.env, "HOME")) {
      spec_.env.push_back(base::format("HOME={}", sandbox::home_of_user(meta.user, files)));
    }
  }

  const MethodCall& call_;
  llb::Op op_;
  const llb::ExecOp& exec_;
  std::string directory_;
  std::vector<std::unique_ptr<MountedTree>> trees_;
  std::vector<std::string> bound_;  ///< private bind mounts
  int root_ = -1;
  std::string upper_;                    ///< of the root, with a bundle
  std::optional<TrustedBundle> bundle_;  ///< of a proxied step
  std::optional<sandbox::ClosedNetwork> closed_;
  sandbox::ContainerSpec spec_;
};

void Stage::seed_cache(std::size_t index, const std::string& data) {
  if (base::exists(data)) return;
  const std::string fresh = base::format("{}.{}", data, base::random_id());
  base::make_directories(fresh);
  if (request(index).contains("seed")) {
    const MountedTree seed(snapshot::MountSpec::from_json(request(index)["seed"]), call_.driver(), call_.scratch(),
                           call_.stop);
    copy_tree(seed.fd(), base::open_directory(fresh).get(), call_.stop);
  }
  // Another step may have been first, and may have it mounted already.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, data.c_str(), RENAME_NOREPLACE) != 0) base::remove_tree(fresh);
}

}  // namespace

base::Json exec_method(const MethodCall& call) { return Stage(call).run(); }

}  // namespace ops
