// SPDX-License-Identifier: Apache-2.0
#include "llb/op.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/error.h"
#include "base/strings.h"
#include "llb/op_proto.h"

#include "ops.pb.h"

namespace llb {

namespace {

template <typename Repeated>
void put_strings(const std::vector<std::string>& values, Repeated* out) {
  out->Reserve(static_cast<int>(values.size()));
  for (const auto& value : values) *out->Add() = utf8(value);
}

template <typename Repeated>
std::vector<std::string> get_strings(const Repeated& values) {
  return {values.begin(), values.end()};
}

template <typename Map>
void put_map(const std::map<std::string, std::string>& values, Map* out) {
  for (const auto& [key, value] : values) (*out)[utf8(key)] = utf8(value);
}

/// Enums keep unknown numbers out: a value we cannot name must not turn into another one.
template <typename To>
To checked_enum(int value, int last, std::string_view what) {
  if (value < 0 || value > last) base::fail(base::Code::invalid_argument, "unknown {} {}", what, value);
  return static_cast<To>(value);
}

// ---- exec ------------------------------------------------------------------------------------

void put_meta(const Meta& meta, pb::Meta& out) {
  put_strings(meta.args, out.mutable_args());
  put_strings(meta.env, out.mutable_env());
  out.set_cwd(utf8(meta.cwd));
  out.set_user(utf8(meta.user));
  if (meta.proxy_env) {
    auto* proxy = out.mutable_proxy_env();
    proxy->set_http_proxy(utf8(meta.proxy_env->http_proxy));
    proxy->set_https_proxy(utf8(meta.proxy_env->https_proxy));
    proxy->set_ftp_proxy(utf8(meta.proxy_env->ftp_proxy));
    proxy->set_no_proxy(utf8(meta.proxy_env->no_proxy));
    proxy->set_all_proxy(utf8(meta.proxy_env->all_proxy));
  }
  for (const auto& host : meta.extra_hosts) {
    auto* to = out.add_extrahosts();
    to->set_host(utf8(host.host));
    to->set_ip(utf8(host.ip));
  }
  out.set_hostname(utf8(meta.hostname));
  for (const auto& limit : meta.ulimits) {
    auto* to = out.add_ulimit();
    to->set_name(utf8(limit.name));
    to->set_soft(limit.soft);
    to->set_hard(limit.hard);
  }
  out.set_cgroupparent(utf8(meta.cgroup_parent));
  out.set_removemountstubsrecursive(meta.remove_mount_stubs_recursive);
  for (const auto code : meta.valid_exit_codes) out.add_validexitcodes(code);
}

Meta get_meta(const pb::Meta& in) {
  Meta meta;
  meta.args = get_strings(in.args());
  meta.env = get_strings(in.env());
  meta.cwd = in.cwd();
  meta.user = in.user();
  if (in.has_proxy_env()) {
    const auto& proxy = in.proxy_env();
    meta.proxy_env =
        ProxyEnv{proxy.http_proxy(), proxy.https_proxy(), proxy.ftp_proxy(), proxy.no_proxy(), proxy.all_proxy()};
  }
  for (const auto& host : in.extrahosts()) meta.extra_hosts.push_back({host.host(), host.ip()});
  meta.hostname = in.hostname();
  for (const auto& limit : in.ulimit()) meta.ulimits.push_back({limit.name(), limit.soft(), limit.hard()});
  meta.cgroup_parent = in.cgroupparent();
  meta.remove_mount_stubs_recursive = in.removemountstubsrecursive();
  meta.valid_exit_codes.assign(in.validexitcodes().begin(), in.validexitcodes().end());
  return meta;
}

template <typename Proto>
void put_secret(const SecretOpt& secret, Proto* out) {
  out->set_id(utf8(secret.id));
  out->set_uid(secret.uid);
  out->set_gid(secret.gid);
  out->set_mode(secret.mode);
  out->set_optional(secret.optional);
}

template <typename Proto>
SecretOpt get_secret(const Proto& in) {
  return {in.id(), in.uid(), in.gid(), in.mode(), in.optional()};
}

void put_mount(const Mount& mount, pb::Mount& out) {
  out.set_input(mount.input);
  out.set_selector(utf8(mount.selector));
  out.set_dest(utf8(mount.dest));
  out.set_output(mount.output);
  out.set_readonly(mount.readonly);
  out.set_mounttype(static_cast<pb::MountType>(mount.type));
  if (mount.tmpfs_size) out.mutable_tmpfsopt()->set_size(*mount.tmpfs_size);
  if (mount.cache) {
    out.mutable_cacheopt()->set_id(utf8(mount.cache->id));
    out.mutable_cacheopt()->set_sharing(static_cast<pb::CacheSharingOpt>(mount.cache->sharing));
  }
  if (mount.secret) put_secret(*mount.secret, out.mutable_secretopt());
  if (mount.ssh) put_secret(*mount.ssh, out.mutable_sshopt());
  out.set_resultid(utf8(mount.result_id));
  out.set_contentcache(static_cast<pb::MountContentCache>(mount.content_cache));
}

Mount get_mount(const pb::Mount& in) {
  Mount mount;
  mount.input = in.input();
  mount.selector = in.selector();
  mount.dest = in.dest();
  mount.output = in.output();
  mount.readonly = in.readonly();
  mount.type = checked_enum<MountType>(in.mounttype(), 4, "mount type");
  if (in.has_tmpfsopt()) mount.tmpfs_size = in.tmpfsopt().size();
  if (in.has_cacheopt()) {
    mount.cache = CacheOpt{in.cacheopt().id(), checked_enum<CacheSharing>(in.cacheopt().sharing(), 2, "cache sharing")};
  }
  if (in.has_secretopt()) mount.secret = get_secret(in.secretopt());
  if (in.has_sshopt()) mount.ssh = get_secret(in.sshopt());
  mount.result_id = in.resultid();
  mount.content_cache = checked_enum<ContentCache>(in.contentcache(), 2, "content cache mode");
  return mount;
}

void put(const ExecOp& exec, pb::Op& op) {
  auto& out = *op.mutable_exec();
  put_meta(exec.meta, *out.mutable_meta());
  for (const auto& mount : exec.mounts) put_mount(mount, *out.add_mounts());
  out.set_network(static_cast<pb::NetMode>(exec.network));
  out.set_security(static_cast<pb::SecurityMode>(exec.security));
  for (const auto& secret : exec.secret_env) {
    auto* to = out.add_secretenv();
    to->set_id(utf8(secret.id));
    to->set_name(utf8(secret.name));
    to->set_optional(secret.optional);
  }
  for (const auto& device : exec.cdi_devices) {
    auto* to = out.add_cdidevices();
    to->set_name(utf8(device.name));
    to->set_optional(device.optional);
  }
}

ExecOp get_exec(const pb::ExecOp& in) {
  ExecOp exec;
  exec.meta = get_meta(in.meta());
  for (const auto& mount : in.mounts()) exec.mounts.push_back(get_mount(mount));
  exec.network = checked_enum<NetMode>(in.network(), 2, "network mode");
  exec.security = checked_enum<SecurityMode>(in.security(), 1, "security mode");
  for (const auto& secret : in.secretenv()) exec.secret_env.push_back({secret.id(), secret.name(), secret.optional()});
  for (const auto& device : in.cdidevices()) exec.cdi_devices.push_back({device.name(), device.optional()});
  return exec;
}

// ---- file ------------------------------------------------------------------------------------

void put_user(const UserOpt& user, pb::UserOpt* out) {
  if (user.name.empty()) {
    out->set_byid(user.id);
    return;
  }
  out->mutable_byname()->set_name(utf8(user.name));
  out->mutable_byname()->set_input(user.input);
}

template <typename Proto>
void put_owner(const std::optional<ChownOpt>& owner, Proto& out) {
  if (!owner) return;
  auto* to = out.mutable_owner();
  if (owner->user) put_user(*owner->user, to->mutable_user());
  if (owner->group) put_user(*owner->group, to->mutable_group());
}

std::optional<UserOpt> get_user(const pb::UserOpt& in) {
  UserOpt user;
  if (in.has_byname()) {
    user.name = in.byname().name();
    user.input = in.byname().input();
  } else if (in.has_byid()) {
    user.id = in.byid();
  } else {
    return std::nullopt;
  }
  return user;
}

template <typename Proto>
std::optional<ChownOpt> get_owner(const Proto& in) {
  if (!in.has_owner()) return std::nullopt;
  ChownOpt owner;
  if (in.owner().has_user()) owner.user = get_user(in.owner().user());
  if (in.owner().has_group()) owner.group = get_user(in.owner().group());
  return owner;
}

struct FileActionWriter {
  pb::FileAction& out;

  void operator()(const std::monostate&) const {}
  void operator()(const FileCopy& copy) const {
    auto& to = *out.mutable_copy();
    to.set_src(utf8(copy.src));
    to.set_dest(utf8(copy.dest));
    put_owner(copy.owner, to);
    to.set_mode(copy.mode);
    to.set_followsymlink(copy.follow_symlink);
    to.set_dircopycontents(copy.dir_copy_contents);
    to.set_attemptunpackdockercompatibility(copy.attempt_unpack);
    to.set_createdestpath(copy.create_dest_path);
    to.set_allowwildcard(copy.allow_wildcard);
    to.set_allowemptywildcard(copy.allow_empty_wildcard);
    to.set_timestamp(copy.timestamp);
    put_strings(copy.include_patterns, to.mutable_include_patterns());
    put_strings(copy.exclude_patterns, to.mutable_exclude_patterns());
    to.set_alwaysreplaceexistingdestpaths(copy.always_replace_existing_dest_paths);
    to.set_modestr(utf8(copy.mode_str));
    put_strings(copy.required_paths, to.mutable_required_paths());
  }
  void operator()(const FileMkfile& file) const {
    auto& to = *out.mutable_mkfile();
    to.set_path(utf8(file.path));
    to.set_mode(file.mode);
    to.set_data(file.data);
    put_owner(file.owner, to);
    to.set_timestamp(file.timestamp);
  }
  void operator()(const FileMkdir& dir) const {
    auto& to = *out.mutable_mkdir();
    to.set_path(utf8(dir.path));
    to.set_mode(dir.mode);
    to.set_makeparents(dir.make_parents);
    put_owner(dir.owner, to);
    to.set_timestamp(dir.timestamp);
  }
  void operator()(const FileRm& rm) const {
    auto& to = *out.mutable_rm();
    to.set_path(utf8(rm.path));
    to.set_allownotfound(rm.allow_not_found);
    to.set_allowwildcard(rm.allow_wildcard);
  }
  void operator()(const FileSymlink& link) const {
    auto& to = *out.mutable_symlink();
    to.set_oldpath(utf8(link.oldpath));
    to.set_newpath(utf8(link.newpath));
    put_owner(link.owner, to);
    to.set_timestamp(link.timestamp);
  }
};

void put(const FileOp& file, pb::Op& op) {
  auto& out = *op.mutable_file();
  for (const auto& action : file.actions) {
    auto& to = *out.add_actions();
    to.set_input(action.input);
    to.set_secondaryinput(action.secondary_input);
    to.set_output(action.output);
    std::visit(FileActionWriter{to}, action.kind);
  }
}

FileCopy get_copy(const pb::FileActionCopy& in) {
  FileCopy copy;
  copy.src = in.src();
  copy.dest = in.dest();
  copy.owner = get_owner(in);
  copy.mode = in.mode();
  copy.mode_str = in.modestr();
  copy.follow_symlink = in.followsymlink();
  copy.dir_copy_contents = in.dircopycontents();
  copy.attempt_unpack = in.attemptunpackdockercompatibility();
  copy.create_dest_path = in.createdestpath();
  copy.allow_wildcard = in.allowwildcard();
  copy.allow_empty_wildcard = in.allowemptywildcard();
  copy.timestamp = in.timestamp();
  copy.include_patterns = get_strings(in.include_patterns());
  copy.exclude_patterns = get_strings(in.exclude_patterns());
  copy.required_paths = get_strings(in.required_paths());
  copy.always_replace_existing_dest_paths = in.alwaysreplaceexistingdestpaths();
  return copy;
}

FileActionKind get_action(const pb::FileAction& in) {
  switch (in.action_case()) {
    case pb::FileAction::kCopy: return get_copy(in.copy());
    case pb::FileAction::kMkfile:
      return FileMkfile{in.mkfile().path(), in.mkfile().mode(), in.mkfile().data(), get_owner(in.mkfile()),
                        in.mkfile().timestamp()};
    case pb::FileAction::kMkdir:
      return FileMkdir{in.mkdir().path(), in.mkdir().mode(), in.mkdir().makeparents(), get_owner(in.mkdir()),
                       in.mkdir().timestamp()};
    case pb::FileAction::kRm: return FileRm{in.rm().path(), in.rm().allownotfound(), in.rm().allowwildcard()};
    case pb::FileAction::kSymlink:
      return FileSymlink{in.symlink().oldpath(), in.symlink().newpath(), get_owner(in.symlink()),
                         in.symlink().timestamp()};
    case pb::FileAction::ACTION_NOT_SET: break;
  }
  return {};
}

// ---- the rest --------------------------------------------------------------------------------

void put(const std::monostate&, pb::Op&) {}

void put(const SourceOp& source, pb::Op& op) {
  op.mutable_source()->set_identifier(utf8(source.identifier));
  put_map(source.attrs, op.mutable_source()->mutable_attrs());
}

void put(const BuildOp& build, pb::Op& op) {
  auto& out = *op.mutable_build();
  out.set_builder(build.builder);
  for (const auto& [name, input] : build.inputs) (*out.mutable_inputs())[utf8(name)].set_input(input);
  if (build.definition) to_proto(*build.definition, *out.mutable_def());
  put_map(build.attrs, out.mutable_attrs());
}

void put(const MergeOp& merge, pb::Op& op) {
  auto& out = *op.mutable_merge();
  for (const auto input : merge.inputs) out.add_inputs()->set_input(input);
}

void put(const DiffOp& diff, pb::Op& op) {
  op.mutable_diff()->mutable_lower()->set_input(diff.lower);
  op.mutable_diff()->mutable_upper()->set_input(diff.upper);
}

void put(const PassthroughOp& pass, pb::Op& op) {
  auto& out = *op.mutable_passthrough();
  out.set_id(utf8(pass.id));
  for (const auto output : pass.outputs) out.add_outputs(output);
}

BuildOp get_build(const pb::BuildOp& in) {
  BuildOp build;
  build.builder = in.builder();
  for (const auto& [name, input] : in.inputs()) build.inputs.emplace(name, input.input());
  if (in.has_def()) build.definition = std::make_shared<const Definition>(from_proto(in.def()));
  build.attrs.insert(in.attrs().begin(), in.attrs().end());
  return build;
}

OpKind get_kind(const pb::Op& in) {
  switch (in.op_case()) {
    case pb::Op::kExec: return get_exec(in.exec());
    case pb::Op::kSource: {
      SourceOp source{in.source().identifier(), {}};
      source.attrs.insert(in.source().attrs().begin(), in.source().attrs().end());
      return source;
    }
    case pb::Op::kFile: {
      FileOp file;
      for (const auto& action : in.file().actions()) {
        file.actions.push_back({action.input(), action.secondaryinput(), action.output(), get_action(action)});
      }
      return file;
    }
    case pb::Op::kBuild: return get_build(in.build());
    case pb::Op::kMerge: {
      MergeOp merge;
      for (const auto& input : in.merge().inputs()) merge.inputs.push_back(input.input());
      return merge;
    }
    case pb::Op::kDiff: return DiffOp{in.diff().lower().input(), in.diff().upper().input()};
    case pb::Op::kPassthrough:
      return PassthroughOp{in.passthrough().id(),
                           {in.passthrough().outputs().begin(), in.passthrough().outputs().end()}};
    case pb::Op::OP_NOT_SET: break;
  }
  return {};
}

}  // namespace

const std::string& utf8(const std::string& value) {
  if (!base::is_utf8(value)) base::fail(base::Code::invalid_argument, "string field contains invalid UTF-8");
  return value;  // NOLINT(bugprone-return-const-ref-from-parameter): used inside one expression
}

namespace {

void put_surroundings(const Op& op, pb::Op& out) {
  for (const auto& input : op.inputs) {
    auto* to = out.add_inputs();
    to->set_digest(utf8(input.digest));
    to->set_index(input.index);
  }
  if (op.platform) {
    auto* to = out.mutable_platform();
    to->set_architecture(utf8(op.platform->architecture));
    to->set_os(utf8(op.platform->os));
    to->set_variant(utf8(op.platform->variant));
    to->set_osversion(utf8(op.platform->os_version));
    put_strings(op.platform->os_features, to->mutable_osfeatures());
  }
  if (op.worker_constraints) put_strings(*op.worker_constraints, out.mutable_constraints()->mutable_filter());
}

}  // namespace

Op from_proto(const pb::Op& in) {
  Op op;
  for (const auto& input : in.inputs()) op.inputs.push_back({input.digest(), input.index()});
  op.kind = get_kind(in);
  if (in.has_platform()) {
    Platform platform;
    platform.architecture = in.platform().architecture();
    platform.os = in.platform().os();
    platform.variant = in.platform().variant();
    platform.os_version = in.platform().osversion();
    platform.os_features = get_strings(in.platform().osfeatures());
    op.platform = std::move(platform);
  }
  if (in.has_constraints()) op.worker_constraints = get_strings(in.constraints().filter());
  return op;
}

std::string serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  coded.Trim();
  return bytes;
}

void parse_bytes(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& out) {
  if (bytes.size() > 1U << 30U || !out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    base::fail(base::Code::invalid_argument, "parsing {}: not a valid protobuf message", what);
  }
}

std::string marshal(const Op& op) {
  // Go puts the members of a oneof behind all others, C++ sorts them in by number. Messages may be
  // concatenated, so the two parts are written apart.
  pb::Op surroundings;
  put_surroundings(op, surroundings);
  pb::Op kind;
  std::visit([&](const auto& value) { put(value, kind); }, op.kind);
  return serialize(surroundings) + serialize(kind);
}

Op unmarshal(std::string_view bytes) {
  pb::Op proto;
  parse_bytes(bytes, "LLB op", proto);
  return from_proto(proto);
}

std::string_view kind_name(const Op& op) {
  static constexpr std::string_view kNames[] = {"", "exec", "source", "file", "build", "merge", "diff", "passthrough"};
  return kNames[op.kind.index()];
}

std::string_view SourceOp::scheme() const {
  const auto end = identifier.find("://");
  return end == std::string::npos ? std::string_view() : std::string_view(identifier).substr(0, end);
}

std::string SourceOp::attr(std::string_view name) const {
  const auto found = attrs.find(std::string(name));
  return found == attrs.end() ? "" : found->second;
}

}  // namespace llb
