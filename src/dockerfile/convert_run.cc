// SPDX-License-Identifier: Apache-2.0
// RUN: the command line, its heredocs and its mounts.
#include "base/path.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/convert_stages.h"
#include "dockerfile/convert_text.h"
#include "dockerfile/heredoc.h"
#include "llb/caps.h"

namespace dockerfile {

namespace {

constexpr std::string_view kInlineDir = "/dev/pipes/";

/// The state's variables, those that hold secrets masked: for names people see.
class MaskedEnvironment final : public Environment {
 public:
  MaskedEnvironment(const Environment& base, const std::vector<Mount>& mounts) : base_(base) {
    for (const auto& mount : mounts) {
      if (mount.type == MountType::secret && mount.env) masked_.insert(*mount.env);
    }
  }
  std::optional<std::string> get(std::string_view name) const override {
    return masked_.contains(name) ? "****" : base_.get(name);
  }
  std::vector<std::string> names() const override { return base_.names(); }

 private:
  const Environment& base_;
  std::set<std::string, std::less<>> masked_;
};

class RunConverter {
 public:
  RunConverter(StageState& stage, const StageCommand& command, RunCommand& run, const DispatchContext& context)
      : stage_(stage), command_(command), run_(run), context_(context) {}

  void convert() {
    stage_.paths->insert("/");  // a command may look at everything
    shown_ = run_.code;
    make_command_line();
    options_.args = args_;
    options_.op.metadata.description["com.docker.dockerfile.v1.command"] = run_.code;
    options_.op.locations = context_.at(run_.location);
    options_.op.metadata.ignore_cache = stage_.ignore_cache;
    options_.proxy = context_.proxy;
    for (std::size_t i = 0; i < run_.mounts.size(); ++i) add_mount(run_.mounts[i], i);
    add_modes();
    add_limits();
    const StateEnvironment env(stage_.state);
    add_name(env);
    auto history = "RUN " + command_text(env) + " # buildkit";
    stage_.state = stage_.state.run(std::move(options_)).root;
    stage_.image.add_history(std::move(history), LayerKind::layer, context_.created());
  }

 private:
  void make_command_line() {
    args_ = run_.line.arguments;
    if (!run_.line.files.empty()) use_heredocs();
    if (!run_.line.prepend_shell) return;
    auto line = stage_.image.shell;
    if (line.empty()) {
      line = stage_.image.platform.os == "windows" ? std::vector<std::string>{"cmd", "/S", "/C"}
                                                   : std::vector<std::string>{"/bin/sh", "-c"};
    }
    line.push_back(base::join(args_, " "));
    args_ = std::move(line);
  }

  /// A lone heredoc is the script (or, with "#!", a program); others are left to the shell.
  void use_heredocs() {
    if (args_.size() != 1 || !run_.line.prepend_shell) {
      base::fail(base::Code::internal, "parsing produced an invalid run command: {}", plain_list(args_));
    }
    const auto& first = run_.line.files.front();
    if (!heredoc_or_nothing(args_.front())) {
      for (const auto& file : run_.line.files) args_.front() += "\n" + file.data + file.name;
      return;
    }
    const auto data = first.chomp ? chomp_heredoc(first.data) : first.data;
    if (stage_.image.platform.os != "windows" && data.starts_with("#!")) {
      auto file = inline_file(stage_, context_, first.name, 0755, data);
      options_.mounts.push_back({.target = std::string(kInlineDir), .source = file, .selector = "/", .readonly = true});
      args_ = {base::join_path(kInlineDir, first.name)};
    } else {
      args_ = {data};
    }
    shown_ += " (" + heredoc_summary(first.data) + ")";
  }

  void add_mount(const Mount& mount, std::size_t index) {
    auto from = mount.from;
    if (from.empty() && mount.type == MountType::cache) from = kScratch;
    auto* source = index < command_.sources.size() ? command_.sources[index] : nullptr;
    auto state = context_.build_context;
    if (!from.empty()) {
      state = source->state;
      if (!source->dispatched) {
        base::fail(base::Code::invalid_argument,
                   "cannot mount from stage {} to {}, stage needs to be defined before current command",
                   base::quote(from), base::quote(mount.target));
      }
    }
    if (mount.type == MountType::secret) return add_secret(mount);
    if (mount.type == MountType::ssh) return add_ssh(mount);

    llb::RunMount out;
    if (mount.type == MountType::tmpfs) {
      state = context_.builder.scratch();
      out.tmpfs_size = mount.size_limit;
    }
    out.readonly = mount.readonly;
    if (!mount.readonly && mount.type == MountType::bind) {
      out.no_output = context_.can(llb::cap::kExecMountBindReadWriteNoOutput);
    }
    if (mount.type == MountType::cache) {
      out.sharing = mount.sharing == MountSharing::private_ ? llb::CacheSharing::private_
                    : mount.sharing == MountSharing::locked ? llb::CacheSharing::locked
                                                            : llb::CacheSharing::shared;
      out.cache_id =
          context_.config.cache_id_namespace + "/" + (mount.id.empty() ? base::clean_path(mount.target) : mount.id);
    }
    out.target = mount_target(mount);
    if (const auto path = base::join_path("/", mount.source); path != "/") {
      out.selector = path;
    } else if (mount.uid || mount.gid || mount.mode) {
      state = cache_directory(mount, state);
      out.selector = "/cache";
    }
    out.source = state;
    options_.mounts.push_back(std::move(out));
    (from.empty() ? stage_.context_paths : *source->paths).insert(base::join_path("/", mount.source));
  }

  std::string mount_target(const Mount& mount) const {
    auto target = mount.target;
    if (!base::is_absolute(base::clean_path(target))) {
      target = base::join_path("/", base::join_path(stage_.state.dir(), target));
    }
    if (target == "/") base::fail(base::Code::invalid_argument, "invalid mount target {}", base::quote(target));
    return target;
  }

  /// An empty directory with the owner and mode that a fresh cache is to have.
  llb::State cache_directory(const Mount& mount, const llb::State& state) const {
    llb::MkdirStep mkdir{.path = "/cache", .mode = mount.mode.value_or(0755)};
    mkdir.owner = llb::ChownOpt{llb::UserOpt{.id = mount.uid.value_or(0)}, llb::UserOpt{.id = mount.gid.value_or(0)}};
    llb::OpOptions op;
    op.name("[internal] setting cache mount permissions");
    return state.file({std::move(mkdir)}, std::move(op));
  }

  void add_secret(const Mount& mount) {
    llb::RunSecret secret;
    secret.id = mount.source.empty() ? mount.id : mount.source;
    if (secret.id.empty()) {
      if (mount.target.empty()) base::fail(base::Code::invalid_argument, "one of source, target required");
      secret.id = base::base_name(mount.target);
    }
    if (stage_.parameters) {
      stage_.parameters->secrets.try_emplace(secret.id, OutlineMount{secret.id, mount.required, run_.location});
    }
    if (!mount.target.empty()) secret.target = mount.target;
    if (!mount.env && !secret.target) secret.target = "/run/secrets/" + base::base_name(secret.id);
    secret.env = mount.env;
    secret.optional = !mount.required;
    if (mount.keyed_by_value) options_.op.metadata.description[llb::kKeyedSecrets] += secret.id + "\n";
    if (mount.uid || mount.gid || mount.mode) {
      secret.uid = mount.uid.value_or(0);
      secret.gid = mount.gid.value_or(0);
      secret.mode = mount.mode.value_or(0400);
    }
    options_.secrets.push_back(std::move(secret));
  }

  void add_ssh(const Mount& mount) {
    if (!mount.source.empty()) base::fail(base::Code::invalid_argument, "ssh does not support source");
    if (stage_.parameters) {
      const std::string id = mount.id.empty() ? "default" : mount.id;
      stage_.parameters->ssh.try_emplace(id, OutlineMount{id, mount.required, run_.location});
    }
    llb::RunSsh ssh{.id = mount.id, .target = mount.target};
    ssh.optional = !mount.required;
    if (mount.uid || mount.gid || mount.mode) {
      ssh.uid = mount.uid.value_or(0);
      ssh.gid = mount.gid.value_or(0);
      ssh.mode = mount.mode.value_or(0600);
    }
    options_.ssh.push_back(std::move(ssh));
  }

  void add_modes() {
    if (run_.security == "insecure") {
      options_.security = llb::SecurityMode::insecure;
    } else if (run_.security != "sandbox") {
      base::fail(base::Code::invalid_argument, "unsupported security mode {}", base::quote(run_.security));
    }
    if (run_.network == "none") {
      options_.network = llb::NetMode::none;
    } else if (run_.network == "host") {
      options_.network = llb::NetMode::host;
    } else if (run_.network != "default") {
      base::fail(base::Code::invalid_argument, "unsupported network mode {}", base::quote(run_.network));
    }
  }

  void add_limits() {
    const auto& config = context_.config;
    if (context_.can(llb::cap::kExecMetaUlimit)) options_.ulimits = config.ulimits;
    if (context_.can(llb::cap::kExecMetaCdi) && !run_.devices.empty()) {
      base::fail(base::Code::invalid_argument,
                 "device feature is only supported in Dockerfile frontend 1.14.0-labs or later");
    }
    options_.extra_hosts = config.extra_hosts;
    if (context_.can(llb::cap::kExecMountTmpfsSize) && config.shm_size > 0) {
      options_.mounts.push_back(
          {.target = "/dev/shm", .source = context_.builder.scratch(), .tmpfs_size = config.shm_size});
    }
    if (context_.can(llb::cap::kExecMetaCgroupParent) && !config.cgroup_parent.empty()) {
      options_.cgroup_parent = config.cgroup_parent;
    }
    if (context_.can(llb::cap::kExecMetaLinuxResources)) options_.op.metadata.linux_resources = config.resources;
  }

  void add_name(const StateEnvironment& env) {
    const ShellWords shell(context_.escape, {.raw_quotes = true, .skip_unset = true});
    const auto text = shown_text(shell, shown_, MaskedEnvironment(env, run_.mounts));
    options_.op.name(step_name(stage_, text, context_.config, stage_.state.platform(), env));
  }

  /// The command with the build arguments it ran under: "|1 VERSION=2 /bin/sh -c make".
  std::string command_text(const StateEnvironment& env) const {
    std::vector<std::string> words;
    for (const auto& arg : stage_.build_args) {
      words.push_back(arg.key + "=" + env.get(arg.key).value_or(arg.value.value_or("")));
    }
    if (!words.empty()) words.insert(words.begin(), "|" + std::to_string(words.size()));
    words.insert(words.end(), args_.begin(), args_.end());
    return base::join(words, " ");
  }

  StageState& stage_;
  const StageCommand& command_;
  RunCommand& run_;
  const DispatchContext& context_;
  std::vector<std::string> args_;
  std::string shown_;
  llb::RunOptions options_;
};

}  // namespace

void dispatch_run(StageState& stage, const StageCommand& command, RunCommand& run, const DispatchContext& context) {
  RunConverter(stage, command, run, context).convert();
}

}  // namespace dockerfile
