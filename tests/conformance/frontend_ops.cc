// SPDX-License-Identifier: Apache-2.0
#include "frontend_ops.h"

#include <algorithm>
#include <array>

#include "parse_view.h"

namespace conformance {
namespace {

using base::Json;

/// Collects members; what protojson leaves out never gets in.
class Message {
 public:
  Message& text(std::string_view name, const std::string& value) {
    if (!value.empty()) json_.set(name, value);
    return *this;
  }
  Message& big(std::string_view name, std::int64_t value) {
    if (value != 0) json_.set(name, std::to_string(value));
    return *this;
  }
  Message& big(std::string_view name, std::uint64_t value) {
    if (value != 0) json_.set(name, std::to_string(value));
    return *this;
  }
  Message& small(std::string_view name, std::int64_t value) {
    if (value != 0) json_.set(name, value);
    return *this;
  }
  Message& flag(std::string_view name, bool value) {
    if (value) json_.set(name, true);
    return *this;
  }
  Message& list(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) json_.set(name, Json::strings(values));
    return *this;
  }
  Message& map(std::string_view name, const std::map<std::string, std::string>& values) {
    if (!values.empty()) json_.set(name, Json::string_map(values));
    return *this;
  }
  Message& items(std::string_view name, Json array) {
    if (!array.items().empty()) json_.set(name, std::move(array));
    return *this;
  }
  Message& message(std::string_view name, Json value) {
    json_.set(name, std::move(value));
    return *this;
  }
  Message& name_of(std::string_view name, std::size_t value, std::initializer_list<const char*> names) {
    if (value != 0) json_.set(name, *(names.begin() + value));
    return *this;
  }
  Json take() { return sorted_members(std::move(json_)); }

 private:
  Json json_ = Json::object();
};

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63U];
    }
  }
  return out;
}

Json secret(const llb::SecretOpt& from) {
  return Message()
      .text("ID", from.id)
      .small("uid", from.uid)
      .small("gid", from.gid)
      .small("mode", from.mode)
      .flag("optional", from.optional)
      .take();
}

Json mount(const llb::Mount& from) {
  Message out;
  out.big("input", from.input).text("selector", from.selector).text("dest", from.dest).big("output", from.output);
  out.flag("readonly", from.readonly);
  out.name_of("mountType", static_cast<std::size_t>(from.type), {"BIND", "SECRET", "SSH", "CACHE", "TMPFS"});
  if (from.tmpfs_size) out.message("TmpfsOpt", Message().big("size", *from.tmpfs_size).take());
  if (from.cache) {
    out.message("cacheOpt",
                Message()
                    .text("ID", from.cache->id)
                    .name_of("sharing", static_cast<std::size_t>(from.cache->sharing), {"SHARED", "PRIVATE", "LOCKED"})
                    .take());
  }
  if (from.secret) out.message("secretOpt", secret(*from.secret));
  if (from.ssh) out.message("SSHOpt", secret(*from.ssh));
  out.text("resultID", from.result_id);
  out.name_of("contentCache", static_cast<std::size_t>(from.content_cache), {"DEFAULT", "ON", "OFF"});
  return out.take();
}

Json meta(const llb::Meta& from) {
  Message out;
  out.list("args", from.args).list("env", from.env).text("cwd", from.cwd).text("user", from.user);
  if (from.proxy_env) {
    const auto& proxy = *from.proxy_env;
    out.message("proxyEnv", Message()
                                .text("httpProxy", proxy.http_proxy)
                                .text("httpsProxy", proxy.https_proxy)
                                .text("ftpProxy", proxy.ftp_proxy)
                                .text("noProxy", proxy.no_proxy)
                                .text("allProxy", proxy.all_proxy)
                                .take());
  }
  auto hosts = Json::array();
  for (const auto& host : from.extra_hosts) hosts.push(Message().text("Host", host.host).text("IP", host.ip).take());
  out.items("extraHosts", std::move(hosts)).text("hostname", from.hostname);
  auto limits = Json::array();
  for (const auto& limit : from.ulimits) {
    limits.push(Message().text("Name", limit.name).big("Soft", limit.soft).big("Hard", limit.hard).take());
  }
  out.items("ulimit", std::move(limits)).text("cgroupParent", from.cgroup_parent);
  out.flag("removeMountStubsRecursive", from.remove_mount_stubs_recursive);
  return out.take();
}

Json exec(const llb::ExecOp& from) {
  Message out;
  out.message("meta", meta(from.meta));
  auto mounts = Json::array();
  for (const auto& each : from.mounts) mounts.push(mount(each));
  out.items("mounts", std::move(mounts));
  out.name_of("network", static_cast<std::size_t>(from.network), {"UNSET", "HOST", "NONE"});
  out.name_of("security", static_cast<std::size_t>(from.security), {"SANDBOX", "INSECURE"});
  auto env = Json::array();
  for (const auto& each : from.secret_env) {
    env.push(Message().text("ID", each.id).text("name", each.name).flag("optional", each.optional).take());
  }
  return out.items("secretenv", std::move(env)).take();
}

Json user(const llb::UserOpt& from) {
  if (from.name.empty()) return Message().message("byID", static_cast<std::int64_t>(from.id)).take();
  return Message().message("byName", Message().text("name", from.name).big("input", from.input).take()).take();
}

void put_owner(Message& out, const std::optional<llb::ChownOpt>& from) {
  if (!from) return;
  Message owner;
  if (from->user) owner.message("user", user(*from->user));
  if (from->group) owner.message("group", user(*from->group));
  out.message("owner", owner.take());
}

struct ActionView {
  Message& action;
  void operator()(const std::monostate&) const {}
  void operator()(const llb::FileCopy& from) const {
    Message out;
    out.text("src", from.src).text("dest", from.dest).small("mode", from.mode).big("timestamp", from.timestamp);
    put_owner(out, from.owner);
    out.flag("followSymlink", from.follow_symlink).flag("dirCopyContents", from.dir_copy_contents);
    out.flag("attemptUnpackDockerCompatibility", from.attempt_unpack).flag("createDestPath", from.create_dest_path);
    out.flag("allowWildcard", from.allow_wildcard).flag("allowEmptyWildcard", from.allow_empty_wildcard);
    out.list("includePatterns", from.include_patterns).list("excludePatterns", from.exclude_patterns);
    out.list("requiredPaths", from.required_paths).text("modeStr", from.mode_str);
    out.flag("alwaysReplaceExistingDestPaths", from.always_replace_existing_dest_paths);
    action.message("copy", out.take());
  }
  void operator()(const llb::FileMkfile& from) const {
    Message out;
    out.text("path", from.path)
        .small("mode", from.mode)
        .text("data", base64(from.data))
        .big("timestamp", from.timestamp);
    put_owner(out, from.owner);
    action.message("mkfile", out.take());
  }
  void operator()(const llb::FileMkdir& from) const {
    Message out;
    out.text("path", from.path).small("mode", from.mode).flag("makeParents", from.make_parents);
    out.big("timestamp", from.timestamp);
    put_owner(out, from.owner);
    action.message("mkdir", out.take());
  }
  void operator()(const llb::FileRm& from) const {
    action.message("rm", Message()
                             .text("path", from.path)
                             .flag("allowNotFound", from.allow_not_found)
                             .flag("allowWildcard", from.allow_wildcard)
                             .take());
  }
  void operator()(const llb::FileSymlink& from) const {
    action.message(
        "symlink",
        Message().text("oldpath", from.oldpath).text("newpath", from.newpath).big("timestamp", from.timestamp).take());
  }
};

Json file(const llb::FileOp& from) {
  auto actions = Json::array();
  for (const auto& each : from.actions) {
    Message action;
    action.big("input", each.input).big("secondaryInput", each.secondary_input).big("output", each.output);
    std::visit(ActionView{action}, each.kind);
    actions.push(action.take());
  }
  return Message().items("actions", std::move(actions)).take();
}

struct KindView {
  Message& out;
  void operator()(const std::monostate&) const {}
  void operator()(const llb::ExecOp& op) const { out.message("exec", exec(op)); }
  void operator()(const llb::SourceOp& op) const {
    out.message("source", Message().text("identifier", op.identifier).map("attrs", op.attrs).take());
  }
  void operator()(const llb::FileOp& op) const { out.message("file", file(op)); }
  void operator()(const llb::BuildOp&) const { out.message("build", Json::object()); }
  void operator()(const llb::MergeOp& op) const {
    auto inputs = Json::array();
    for (const auto input : op.inputs) inputs.push(Message().big("input", input).take());
    out.message("merge", Message().items("inputs", std::move(inputs)).take());
  }
  void operator()(const llb::DiffOp& op) const {
    out.message("diff", Message()
                            .message("lower", Message().big("input", op.lower).take())
                            .message("upper", Message().big("input", op.upper).take())
                            .take());
  }
  void operator()(const llb::PassthroughOp&) const { out.message("passthrough", Json::object()); }
};

Json locations_view(const llb::Definition& definition, const std::string& digest) {
  auto out = Json::array();
  const auto found = definition.source.locations.find(digest);
  if (found == definition.source.locations.end()) return out;
  for (const auto& location : found->second) {
    auto view = Json::object();
    view.set("source", location.source_index).set("ranges", ranges_view(location.ranges));
    out.push(std::move(view));
  }
  return out;
}

}  // namespace

Json sorted_members(Json object) {
  auto members = object.members();
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return Json(std::move(members));
}

Json op_view(const llb::Op& op) {
  Message out;
  auto inputs = Json::array();
  for (const auto& input : op.inputs) {
    inputs.push(Message().text("digest", input.digest).big("index", input.index).take());
  }
  out.items("inputs", std::move(inputs));
  std::visit(KindView{out}, op.kind);
  if (op.platform) {
    out.message("platform", Message()
                                .text("Architecture", op.platform->architecture)
                                .text("OS", op.platform->os)
                                .text("Variant", op.platform->variant)
                                .text("OSVersion", op.platform->os_version)
                                .list("OSFeatures", op.platform->os_features)
                                .take());
  }
  if (op.worker_constraints) out.message("constraints", Message().list("filter", *op.worker_constraints).take());
  return out.take();
}

Json metadata_view(const llb::OpMetadata& metadata) {
  Message out;
  out.flag("ignoreCache", metadata.ignore_cache).map("description", metadata.description);
  if (metadata.export_cache) out.message("exportCache", Message().flag("Value", *metadata.export_cache).take());
  auto caps = Json::object();
  for (const auto& [cap, on] : metadata.caps) caps.set(cap, on);
  if (!metadata.caps.empty()) out.message("caps", std::move(caps));
  if (const auto& group = metadata.progress_group) {
    out.message("progressGroup",
                Message().text("id", group->id).text("name", group->name).flag("weak", group->weak).take());
  }
  if (const auto& limits = metadata.linux_resources) {
    out.message("linuxResources", Message()
                                      .big("memory", limits->memory)
                                      .big("memorySwap", limits->memory_swap)
                                      .big("cpuShares", limits->cpu_shares)
                                      .big("cpuPeriod", limits->cpu_period)
                                      .big("cpuQuota", limits->cpu_quota)
                                      .text("cpusetCpus", limits->cpuset_cpus)
                                      .text("cpusetMems", limits->cpuset_mems)
                                      .take());
  }
  return out.take();
}

Json definition_view(const llb::Definition& definition) {
  auto ops = Json::array();
  for (std::size_t i = 0; i < definition.ops.size(); ++i) {
    const auto digest = base::sha256(definition.ops[i]).str();
    auto view = Json::object();
    view.set("digest", digest);
    const bool terminal = i + 1 == definition.ops.size();
    if (!terminal) view.set("op", op_view(llb::unmarshal(definition.ops[i])));
    if (const auto found = definition.metadata.find(digest); found != definition.metadata.end()) {
      view.set("metadata", metadata_view(found->second));
    }
    if (auto locations = locations_view(definition, digest); !locations.items().empty()) {
      view.set("locations", std::move(locations));
    }
    if (terminal) view.set("terminal", true);
    ops.push(std::move(view));
  }
  auto sources = Json::array();
  for (const auto& info : definition.source.infos) {
    auto view = Json::object();
    view.set("filename", info.filename).set("language", info.language);
    view.set("data_sha256", base::sha256(*info.data).hex());
    if (info.definition) view.set("definition_tail", base::sha256(info.definition->ops.back()).str());
    sources.push(std::move(view));
  }
  auto out = Json::object();
  out.set("head", definition.head()).set("ops", std::move(ops));
  if (!sources.items().empty()) out.set("sources", std::move(sources));
  return out;
}

}  // namespace conformance
