// SPDX-License-Identifier: Apache-2.0
#include "llb/op_json.h"

#include "base/base64.h"
#include "llb/definition.h"

namespace llb {
namespace {

using base::Json;

template <typename T, typename Convert>
Json list_of(const std::vector<T>& values, Convert&& convert) {
  Json list = Json::array();
  for (const auto& value : values) list.push(convert(value));
  return list;
}

Json numbers(const std::vector<std::int64_t>& values) {
  return list_of(values, [](std::int64_t value) { return Json(value); });
}

Json proxy_json(const ProxyEnv& proxy) {
  Json json = Json::object();
  json.set_nonempty("http_proxy", proxy.http_proxy).set_nonempty("https_proxy", proxy.https_proxy);
  json.set_nonempty("ftp_proxy", proxy.ftp_proxy).set_nonempty("no_proxy", proxy.no_proxy);
  return json.set_nonempty("all_proxy", proxy.all_proxy);
}

Json meta_json(const Meta& meta) {
  Json json = Json::object();
  json.set_nonempty("args", Json::strings(meta.args)).set_nonempty("env", Json::strings(meta.env));
  json.set_nonempty("cwd", meta.cwd).set_nonempty("user", meta.user);
  if (meta.proxy_env) json.set("proxy_env", proxy_json(*meta.proxy_env));
  json.set_nonempty("extraHosts", list_of(meta.extra_hosts, [](const HostIp& host) {
                      return Json::object().set("Host", host.host).set("IP", host.ip);
                    }));
  json.set_nonempty("hostname", meta.hostname);
  json.set_nonempty("ulimit", list_of(meta.ulimits, [](const Ulimit& limit) {
                      return Json::object().set("Name", limit.name).set("Soft", limit.soft).set("Hard", limit.hard);
                    }));
  json.set_nonempty("cgroupParent", meta.cgroup_parent);
  if (meta.remove_mount_stubs_recursive) json.set("removeMountStubsRecursive", true);
  return json.set_nonempty("validExitCodes",
                           list_of(meta.valid_exit_codes, [](std::int32_t code) { return Json(std::int64_t{code}); }));
}

Json secret_json(const SecretOpt& secret) {
  Json json = Json::object();
  json.set_nonempty("ID", secret.id).set_nonempty("uid", std::int64_t{secret.uid});
  json.set_nonempty("gid", std::int64_t{secret.gid}).set_nonempty("mode", std::int64_t{secret.mode});
  if (secret.optional) json.set("optional", true);
  return json;
}

Json mount_json(const Mount& mount) {
  Json json = Json::object();
  json.set_nonempty("input", mount.input).set_nonempty("selector", mount.selector).set_nonempty("dest", mount.dest);
  json.set_nonempty("output", mount.output);
  if (mount.readonly) json.set("readonly", true);
  json.set_nonempty("mountType", static_cast<std::int64_t>(mount.type));
  if (mount.tmpfs_size) json.set("TmpfsOpt", Json::object().set_nonempty("size", *mount.tmpfs_size));
  if (mount.cache) {
    Json cache = Json::object();
    cache.set_nonempty("ID", mount.cache->id).set_nonempty("sharing", static_cast<std::int64_t>(mount.cache->sharing));
    json.set("cacheOpt", std::move(cache));
  }
  if (mount.secret) json.set("secretOpt", secret_json(*mount.secret));
  if (mount.ssh) json.set("SSHOpt", secret_json(*mount.ssh));
  json.set_nonempty("resultID", mount.result_id);
  return json.set_nonempty("contentCache", static_cast<std::int64_t>(mount.content_cache));
}

Json exec_json(const ExecOp& exec) {
  Json json = Json::object();
  json.set("meta", meta_json(exec.meta)).set_nonempty("mounts", list_of(exec.mounts, mount_json));
  json.set_nonempty("network", static_cast<std::int64_t>(exec.network));
  json.set_nonempty("security", static_cast<std::int64_t>(exec.security));
  json.set_nonempty("secretenv", list_of(exec.secret_env, [](const SecretEnv& secret) {
                      Json entry = Json::object();
                      entry.set_nonempty("ID", secret.id).set_nonempty("name", secret.name);
                      if (secret.optional) entry.set("optional", true);
                      return entry;
                    }));
  return json.set_nonempty("cdiDevices", list_of(exec.cdi_devices, [](const CdiDevice& device) {
                             Json entry = Json::object().set("name", device.name);
                             if (device.optional) entry.set("optional", true);
                             return entry;
                           }));
}

Json source_json(const SourceOp& source) {
  Json json = Json::object();
  json.set("identifier", source.identifier);
  Json attrs = Json::object();
  for (const auto& [name, value] : source.attrs) {
    // What tells one session from another says nothing about what was built.
    if (name != "local.session" && name != "local.unique") attrs.set(name, value);
  }
  return json.set_nonempty("attrs", std::move(attrs));
}

Json user_json(const UserOpt& user) {
  Json json = Json::object();
  if (user.name.empty()) return json.set("User", Json::object().set("byID", std::int64_t{user.id}));
  Json name = Json::object().set("name", user.name).set_nonempty("input", user.input);
  return json.set("User", Json::object().set("byName", std::move(name)));
}

void set_owner(Json& json, const std::optional<ChownOpt>& owner) {
  if (!owner) return;
  Json chown = Json::object();
  if (owner->user) chown.set("user", user_json(*owner->user));
  if (owner->group) chown.set("group", user_json(*owner->group));
  json.set("owner", std::move(chown));
}

void set_flag(Json& json, const char* name, bool value) {
  if (value) json.set(name, true);
}

Json copy_json(const FileCopy& copy) {
  Json json = Json::object();
  json.set_nonempty("src", copy.src).set_nonempty("dest", copy.dest);
  set_owner(json, copy.owner);
  json.set_nonempty("mode", std::int64_t{copy.mode});
  set_flag(json, "followSymlink", copy.follow_symlink);
  set_flag(json, "dirCopyContents", copy.dir_copy_contents);
  set_flag(json, "attemptUnpackDockerCompatibility", copy.attempt_unpack);
  set_flag(json, "createDestPath", copy.create_dest_path);
  set_flag(json, "allowWildcard", copy.allow_wildcard);
  set_flag(json, "allowEmptyWildcard", copy.allow_empty_wildcard);
  json.set_nonempty("timestamp", copy.timestamp);
  json.set_nonempty("include_patterns", Json::strings(copy.include_patterns));
  json.set_nonempty("exclude_patterns", Json::strings(copy.exclude_patterns));
  set_flag(json, "alwaysReplaceExistingDestPaths", copy.always_replace_existing_dest_paths);
  json.set_nonempty("modeStr", copy.mode_str);
  return json.set_nonempty("required_paths", Json::strings(copy.required_paths));
}

Json action_json(const FileAction& action) {
  Json kind = Json::object();
  if (const auto* copy = std::get_if<FileCopy>(&action.kind)) kind.set("copy", copy_json(*copy));
  if (const auto* file = std::get_if<FileMkfile>(&action.kind)) {
    Json json = Json::object();
    json.set_nonempty("path", file->path).set_nonempty("mode", std::int64_t{file->mode});
    json.set_nonempty("data", base::base64_encode(file->data));
    set_owner(json, file->owner);
    kind.set("mkfile", std::move(json.set_nonempty("timestamp", file->timestamp)));
  }
  if (const auto* dir = std::get_if<FileMkdir>(&action.kind)) {
    Json json = Json::object();
    json.set_nonempty("path", dir->path).set_nonempty("mode", std::int64_t{dir->mode});
    set_flag(json, "makeParents", dir->make_parents);
    set_owner(json, dir->owner);
    kind.set("mkdir", std::move(json.set_nonempty("timestamp", dir->timestamp)));
  }
  if (const auto* remove = std::get_if<FileRm>(&action.kind)) {
    Json json = Json::object().set_nonempty("path", remove->path);
    set_flag(json, "allowNotFound", remove->allow_not_found);
    set_flag(json, "allowWildcard", remove->allow_wildcard);
    kind.set("rm", std::move(json));
  }
  if (const auto* link = std::get_if<FileSymlink>(&action.kind)) {
    Json json = Json::object();
    json.set_nonempty("oldpath", link->oldpath).set_nonempty("newpath", link->newpath);
    set_owner(json, link->owner);
    kind.set("symlink", std::move(json.set_nonempty("timestamp", link->timestamp)));
  }
  Json json = Json::object();
  json.set("input", action.input).set("secondaryInput", action.secondary_input).set("output", action.output);
  return json.set("Action", std::move(kind));
}

Json kind_json(const Op& op) {
  Json json = Json::object();
  if (const auto* exec = std::get_if<ExecOp>(&op.kind)) json.set("exec", exec_json(*exec));
  if (const auto* source = std::get_if<SourceOp>(&op.kind)) json.set("source", source_json(*source));
  if (const auto* file = std::get_if<FileOp>(&op.kind)) {
    json.set("file", Json::object().set("actions", list_of(file->actions, action_json)));
  }
  if (const auto* build = std::get_if<BuildOp>(&op.kind)) {
    json.set("build", Json::object().set("builder", build->builder).set("attrs", Json::string_map(build->attrs)));
  }
  if (const auto* merge = std::get_if<MergeOp>(&op.kind)) {
    Json inputs = list_of(merge->inputs, [](std::int64_t input) { return Json::object().set("input", input); });
    json.set("merge", Json::object().set("inputs", std::move(inputs)));
  }
  if (const auto* diff = std::get_if<DiffOp>(&op.kind)) {
    Json lower = Json::object().set("input", diff->lower);
    Json upper = Json::object().set("input", diff->upper);
    json.set("diff", Json::object().set("lower", std::move(lower)).set("upper", std::move(upper)));
  }
  if (const auto* pass = std::get_if<PassthroughOp>(&op.kind)) {
    json.set("passthrough", Json::object().set_nonempty("id", pass->id).set("outputs", numbers(pass->outputs)));
  }
  return json;
}

Json platform_json(const Platform& platform) {
  Json json = Json::object();
  json.set_nonempty("Architecture", platform.architecture).set_nonempty("OS", platform.os);
  json.set_nonempty("Variant", platform.variant).set_nonempty("OSVersion", platform.os_version);
  return json.set_nonempty("OSFeatures", Json::strings(platform.os_features));
}

}  // namespace

Json op_json(const Op& op) {
  Json json = Json::object();
  json.set("Op", kind_json(op));
  if (op.platform) json.set("platform", platform_json(*op.platform));
  if (op.worker_constraints) {
    json.set("constraints", Json::object().set_nonempty("filter", Json::strings(*op.worker_constraints)));
  }
  return json;
}

}  // namespace llb
