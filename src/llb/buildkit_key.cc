// SPDX-License-Identifier: Apache-2.0
#include "llb/buildkit_key.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "base/path.h"
#include "base/strings.h"

namespace llb {
namespace {

using base::Json;

Json json_of(const std::optional<UserOpt>& user) {
  if (!user) return {};
  // The interface of a oneof has its Go name, what is in it the name that its tag says.
  Json choice = Json::object();
  if (user->name.empty()) {
    choice.set_nonempty("byId", std::int64_t{user->id});
  } else {
    choice.set("byName", Json::object().set("name", user->name).set_nonempty("input", user->input));
  }
  return Json::object().set("User", std::move(choice));
}

Json json_of(const std::optional<ChownOpt>& owner) {
  if (!owner) return {};
  Json json = Json::object();
  if (owner->user) json.set("user", json_of(owner->user));
  if (owner->group) json.set("group", json_of(owner->group));
  return json;
}

Json json_of(const SecretOpt& secret) {
  Json json = Json::object();
  json.set_nonempty("ID", secret.id).set_nonempty("uid", std::int64_t{secret.uid});
  json.set_nonempty("gid", std::int64_t{secret.gid}).set_nonempty("mode", std::int64_t{secret.mode});
  return json.set_nonempty("optional", secret.optional);
}

/// A cache mount of the Dockerfile's default kind keeps its id: clearing it would have changed old keys.
bool keeps_cache_id(const Mount& mount) {
  if (mount.cache->sharing != CacheSharing::shared) return false;
  if (mount.cache->id == mount.dest) return true;
  const auto parts = base::cut(mount.cache->id, "/");
  return parts && parts->second == mount.dest;
}

Json json_of(const Mount& mount) {
  Json json = Json::object();
  json.set_nonempty("input", mount.input).set_nonempty("dest", mount.dest).set_nonempty("output", mount.output);
  json.set_nonempty("readonly", mount.readonly).set_nonempty("mountType", static_cast<int>(mount.type));
  if (mount.tmpfs_size) json.set("TmpfsOpt", Json::object().set_nonempty("size", *mount.tmpfs_size));
  if (mount.cache) {
    Json cache = Json::object();
    if (keeps_cache_id(mount)) cache.set_nonempty("ID", mount.cache->id);
    json.set("cacheOpt", std::move(cache));
  }
  if (mount.secret) json.set("secretOpt", json_of(*mount.secret));
  if (mount.ssh) json.set("SSHOpt", json_of(*mount.ssh));
  json.set_nonempty("resultID", mount.result_id);
  return json.set_nonempty("contentCache", static_cast<int>(mount.content_cache));
}

Json json_of(const Meta& meta) {
  Json json = Json::object();
  json.set_nonempty("args", Json::strings(meta.args)).set_nonempty("env", Json::strings(meta.env));
  json.set_nonempty("cwd", meta.cwd).set_nonempty("user", meta.user);
  Json hosts = Json::array();
  for (const auto& host : meta.extra_hosts) hosts.push(Json::object().set_nonempty("Host", host.host));
  json.set_nonempty("extraHosts", std::move(hosts)).set_nonempty("hostname", meta.hostname);
  Json limits = Json::array();
  for (const auto& limit : meta.ulimits) {
    Json entry = Json::object();
    entry.set_nonempty("Name", limit.name).set_nonempty("Soft", limit.soft);
    limits.push(entry.set_nonempty("Hard", limit.hard));
  }
  json.set_nonempty("ulimit", std::move(limits)).set_nonempty("cgroupParent", meta.cgroup_parent);
  json.set_nonempty("removeMountStubsRecursive", meta.remove_mount_stubs_recursive);
  Json codes = Json::array();
  for (const auto code : meta.valid_exit_codes) codes.push(std::int64_t{code});
  return json.set_nonempty("validExitCodes", std::move(codes));
}

/// The one root mount of a plain RUN is left out, as it was when keys were first made.
bool is_plain(const std::vector<Mount>& mounts) {
  if (mounts.size() != 1) return false;
  const Mount& mount = mounts.front();
  return mount.dest == kRootMount && !mount.readonly && mount.type == MountType::bind && !mount.cache && !mount.ssh &&
         !mount.secret && mount.result_id.empty();
}

Json json_of(const ExecOp& exec) {
  Json json = Json::object();
  json.set("meta", json_of(exec.meta));
  Json mounts = Json::array();
  if (!is_plain(exec.mounts)) {
    for (const auto& mount : exec.mounts) mounts.push(json_of(mount));
  }
  json.set_nonempty("mounts", std::move(mounts)).set_nonempty("network", static_cast<int>(exec.network));
  json.set_nonempty("security", static_cast<int>(exec.security));
  Json secrets = Json::array();
  for (const auto& secret : exec.secret_env) {
    Json entry = Json::object();
    entry.set_nonempty("ID", secret.id).set_nonempty("name", secret.name);
    secrets.push(entry.set_nonempty("optional", secret.optional));
  }
  json.set_nonempty("secretenv", std::move(secrets));
  Json devices = Json::array();
  for (const auto& device : exec.cdi_devices) {
    devices.push(Json::object().set_nonempty("name", device.name).set_nonempty("optional", device.optional));
  }
  return json.set_nonempty("cdiDevices", std::move(devices));
}

Json json_of(const FileCopy& copy, const std::string& src) {
  Json json = Json::object();
  json.set_nonempty("src", src).set_nonempty("dest", copy.dest);
  if (copy.owner) json.set("owner", json_of(copy.owner));
  json.set_nonempty("mode", std::int64_t{copy.mode}).set_nonempty("followSymlink", copy.follow_symlink);
  json.set_nonempty("dirCopyContents", copy.dir_copy_contents);
  json.set_nonempty("attemptUnpackDockerCompatibility", copy.attempt_unpack);
  json.set_nonempty("createDestPath", copy.create_dest_path).set_nonempty("allowWildcard", copy.allow_wildcard);
  json.set_nonempty("allowEmptyWildcard", copy.allow_empty_wildcard).set_nonempty("timestamp", copy.timestamp);
  json.set_nonempty("include_patterns", Json::strings(copy.include_patterns));
  json.set_nonempty("exclude_patterns", Json::strings(copy.exclude_patterns));
  json.set_nonempty("alwaysReplaceExistingDestPaths", copy.always_replace_existing_dest_paths);
  json.set_nonempty("modeStr", copy.mode_str);
  return json.set_nonempty("required_paths", Json::strings(copy.required_paths));
}

Json json_of(const FileMkdir& dir) {
  Json json = Json::object();
  json.set_nonempty("path", dir.path).set_nonempty("mode", std::int64_t{dir.mode});
  json.set_nonempty("makeParents", dir.make_parents);
  if (dir.owner) json.set("owner", json_of(dir.owner));
  return json.set_nonempty("timestamp", dir.timestamp);
}

Json json_of(const FileMkfile& file) {
  Json json = Json::object();
  json.set_nonempty("path", file.path).set_nonempty("mode", std::int64_t{file.mode});
  json.set_nonempty("data", base::base64_encode(file.data));
  if (file.owner) json.set("owner", json_of(file.owner));
  return json.set_nonempty("timestamp", file.timestamp);
}

/// Names in an owner are looked up in an input. That is of no account where the input is written to, which counts as a
/// whole; of any other one BuildKit takes the content of its user files.
bool reads_user_files(const std::optional<ChownOpt>& owner, const FileOp& file) {
  const auto reads = [&](const std::optional<UserOpt>& user) {
    return user && !user->name.empty() &&
           std::none_of(file.actions.begin(), file.actions.end(),
                        [&](const auto& action) { return action.input == user->input; });
  };
  return owner && (reads(owner->user) || reads(owner->group));
}

std::optional<std::string> action_text(const FileAction& action, const FileOp& file, std::size_t inputs) {
  if (const auto* copy = std::get_if<FileCopy>(&action.kind)) {
    const bool from_input = action.secondary_input >= 0 && action.secondary_input < static_cast<std::int64_t>(inputs);
    if (reads_user_files(copy->owner, file)) return std::nullopt;
    return json_of(*copy, from_input ? base::base_name(copy->src) : copy->src).dump();
  }
  if (const auto* dir = std::get_if<FileMkdir>(&action.kind)) {
    if (reads_user_files(dir->owner, file)) return std::nullopt;
    return json_of(*dir).dump();
  }
  if (const auto* made = std::get_if<FileMkfile>(&action.kind)) {
    if (reads_user_files(made->owner, file)) return std::nullopt;
    return json_of(*made).dump();
  }
  return std::nullopt;
}

/// The order that most steps have, which BuildKit leaves out of their keys.
bool has_default_order(const std::vector<FileAction>& actions) {
  const auto count = static_cast<std::int64_t>(actions.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const FileAction& action = actions[static_cast<std::size_t>(i)];
    const bool reads = action.secondary_input == kEmpty || action.secondary_input == 1;
    if (!reads || action.input != (i == 0 ? 0 : count + i - 1)) return false;
    if (action.output != (i + 1 == count ? 0 : kSkipOutput)) return false;
  }
  return count > 0;
}

}  // namespace

base::Digest buildkit_record(const base::Digest& key, int output) {
  return base::sha256(key.str() + "@" + std::to_string(output));
}

std::vector<base::Digest> buildkit_image_keys(const base::Digest& root, const Platform& platform,
                                              const std::vector<base::Digest>& diff_ids) {
  const auto source = [](const std::string& key) { return base::sha256("buildkit.source.v0:" + key); };
  Json named = Json::object();
  named.set("Digest", root.str()).set("OS", platform.os).set("Arch", platform.architecture);
  named.set_nonempty("Variant", platform.variant);
  std::vector<base::Digest> keys = {source(base::sha256(named.dump()).str())};
  if (diff_ids.empty()) return keys;
  base::Digest chain = diff_ids.front();
  for (std::size_t i = 1; i < diff_ids.size(); ++i) chain = base::sha256(chain.str() + " " + diff_ids[i].str());
  keys.push_back(source(chain.str()));
  return keys;
}

base::Digest buildkit_exec_key(const Op& op) {
  Json json = Json::object();
  json.set("Type", "buildkit.exec.v0").set("Exec", json_of(std::get<ExecOp>(op.kind)));
  const Platform platform = op.platform ? *op.platform : host_platform();
  json.set("OS", platform.os).set("Arch", platform.architecture).set_nonempty("Variant", platform.variant);
  json.set_nonempty("OSVersion", platform.os_version);
  return base::sha256(json.dump());
}

std::optional<base::Digest> buildkit_file_key(const Op& op) {
  const auto& file = std::get<FileOp>(op.kind);
  Json actions = Json::array();
  Json order = Json::array();
  for (const auto& action : file.actions) {
    const auto text = action_text(action, file, op.inputs.size());
    if (!text) return std::nullopt;
    actions.push(base::base64_encode(*text));
    order.push(Json::array().push(action.input).push(action.secondary_input).push(action.output));
  }
  Json json = Json::object().set("Type", "buildkit.file.v0").set("Actions", std::move(actions));
  if (!has_default_order(file.actions)) json.set("indexes", std::move(order));
  return base::sha256(json.dump());
}

base::Digest buildkit_merge_key(const Op& op) {
  Json inputs = Json::array();
  for (const auto input : std::get<MergeOp>(op.kind).inputs) inputs.push(Json::object().set_nonempty("input", input));
  Json merge = Json::object();
  merge.set_nonempty("inputs", std::move(inputs));
  return base::sha256(Json::object().set("Type", "buildkit.merge.v0").set("Merge", std::move(merge)).dump());
}

std::string buildkit_selector(const std::vector<std::string>& paths) {
  return paths.empty() ? "" : base::sha256(base::join(paths, std::string_view("\0", 1))).str();
}

}  // namespace llb
