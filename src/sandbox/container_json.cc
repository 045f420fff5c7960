// SPDX-License-Identifier: Apache-2.0
// Containers and their results as JSON, for the way through the helper's socket.
#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "sandbox/container.h"

namespace sandbox {
namespace {

/// In the order of the enum.
constexpr std::array<std::string_view, 4> kNetworks{"host", "none", "joined", "closed"};

base::Json json_of(const Mount& mount) {
  base::Json json = base::Json::object();
  json.set("target", mount.target).set("type", mount.type).set("source", mount.source);
  json.set("options", base::Json::strings(mount.options));
  return json;
}

base::Json json_of(const Limits& limits) {
  base::Json json = base::Json::object();
  json.set_nonempty("memory", limits.memory).set_nonempty("memory_swap", limits.memory_swap);
  json.set_nonempty("cpu_shares", limits.cpu_shares).set_nonempty("cpu_quota", limits.cpu_quota);
  json.set_nonempty("cpu_period", limits.cpu_period);
  json.set_nonempty("cpuset_cpus", limits.cpuset_cpus).set_nonempty("cpuset_mems", limits.cpuset_mems);
  return json;
}

base::Json json_of(const User& user) {
  base::Json gids = base::Json::array();
  for (const auto gid : user.additional_gids) gids.push(std::int64_t{gid});
  base::Json json = base::Json::object();
  json.set("uid", std::int64_t{user.uid}).set("gid", std::int64_t{user.gid}).set("additional_gids", std::move(gids));
  return json;
}

template <typename T, typename Convert>
base::Json list_of(const std::vector<T>& values, Convert&& convert) {
  base::Json list = base::Json::array();
  for (const auto& value : values) list.push(convert(value));
  return list;
}

Limits limits_from(const base::Json& json) {
  Limits limits;
  limits.memory = json["memory"].int_or(0);
  limits.memory_swap = json["memory_swap"].int_or(0);
  limits.cpu_shares = static_cast<std::uint64_t>(json["cpu_shares"].int_or(0));
  limits.cpu_quota = json["cpu_quota"].int_or(0);
  limits.cpu_period = static_cast<std::uint64_t>(json["cpu_period"].int_or(0));
  limits.cpuset_cpus = json["cpuset_cpus"].string_or("");
  limits.cpuset_mems = json["cpuset_mems"].string_or("");
  return limits;
}

User user_from(const base::Json& json) {
  User user;
  user.uid = static_cast<std::uint32_t>(json["uid"].int_or(0));
  user.gid = static_cast<std::uint32_t>(json["gid"].int_or(0));
  for (const auto& gid : json["additional_gids"].items()) {
    user.additional_gids.push_back(static_cast<std::uint32_t>(gid.int_or(0)));
  }
  return user;
}

void read_lists(const base::Json& json, ContainerSpec& spec) {
  for (const auto& mount : json["mounts"].items()) {
    spec.mounts.push_back({mount["target"].as_string(), mount["type"].string_or("bind"), mount["source"].string_or(""),
                           mount["options"].string_items()});
  }
  for (const auto& host : json["extra_hosts"].items()) {
    spec.extra_hosts.push_back({host["name"].as_string(), host["ip"].as_string()});
  }
  for (const auto& limit : json["ulimits"].items()) {
    spec.ulimits.push_back({limit["name"].as_string(), limit["soft"].as_int(), limit["hard"].as_int()});
  }
}

}  // namespace

base::Json to_json(const ContainerSpec& spec) {
  base::Json json = base::Json::object();
  json.set("rootfs", spec.rootfs).set("read_only", spec.root_access == RootAccess::read_only);
  json.set("argv", base::Json::strings(spec.argv)).set("env", base::Json::strings(spec.env)).set("cwd", spec.cwd);
  json.set("user", json_of(spec.user)).set("hostname", spec.hostname);
  json.set("network", kNetworks.at(static_cast<std::size_t>(spec.network)));
  json.set_nonempty("network_path", spec.network_path).set_nonempty("resolv_conf", spec.resolv_conf);
  json.set("security", spec.security == Security::insecure ? "insecure" : "sandbox");
  json.set("mounts", list_of(spec.mounts, [](const Mount& mount) { return json_of(mount); }));
  json.set("extra_hosts", list_of(spec.extra_hosts, [](const HostEntry& host) {
             base::Json entry = base::Json::object();
             entry.set("name", host.name).set("ip", host.ip);
             return entry;
           }));
  json.set("ulimits", list_of(spec.ulimits, [](const Ulimit& limit) {
             base::Json entry = base::Json::object();
             entry.set("name", limit.name).set("soft", limit.soft).set("hard", limit.hard);
             return entry;
           }));
  json.set("shm_size", spec.shm_size).set("cgroup_parent", spec.cgroup_parent).set("limits", json_of(spec.limits));
  json.set("keep_stub_parents", spec.stub_removal == StubRemoval::target_only).set("terminal", spec.terminal);
  return json;
}

ContainerSpec container_spec_from_json(const base::Json& json) {
  ContainerSpec spec;
  spec.rootfs = json["rootfs"].as_string();
  spec.root_access = json["read_only"].bool_or(false) ? RootAccess::read_only : RootAccess::read_write;
  spec.argv = json["argv"].string_items();
  spec.env = json["env"].string_items();
  spec.cwd = json["cwd"].string_or("/");
  spec.user = user_from(json["user"]);
  spec.hostname = json["hostname"].string_or("");
  const auto* network = std::find(kNetworks.begin(), kNetworks.end(), json["network"].string_or("host"));
  if (network == kNetworks.end())
    base::fail(base::Code::invalid_argument, "unknown network {}", json["network"].dump());
  spec.network = static_cast<Network>(network - kNetworks.begin());
  spec.network_path = json["network_path"].string_or("");
  spec.resolv_conf = json["resolv_conf"].string_or("");
  spec.security = json["security"].string_or("sandbox") == "insecure" ? Security::insecure : Security::sandbox;
  read_lists(json, spec);
  spec.shm_size = static_cast<std::uint64_t>(json["shm_size"].int_or(0));
  spec.cgroup_parent = json["cgroup_parent"].string_or("");
  spec.limits = limits_from(json["limits"]);
  spec.stub_removal = json["keep_stub_parents"].bool_or(false) ? StubRemoval::target_only : StubRemoval::with_parents;
  spec.terminal = json["terminal"].bool_or(false);
  return spec;
}

base::Json to_json(const RunResult& result) {
  base::Json json = base::Json::object();
  json.set("exit_code", result.exit_code).set("signal", result.signal).set("oom", result.oom);
  json.set_nonempty("foreign", result.foreign);
  json.set("user_ns", result.resources.user_ns).set("system_ns", result.resources.system_ns);
  json.set("max_rss_bytes", result.resources.max_rss_bytes).set("notes", base::Json::strings(result.notes));
  return json;
}

RunResult run_result_from_json(const base::Json& json) {
  RunResult result;
  result.exit_code = static_cast<int>(json["exit_code"].as_int());
  result.signal = static_cast<int>(json["signal"].int_or(0));
  result.oom = json["oom"].bool_or(false);
  result.foreign = json["foreign"].string_or("");
  result.resources = {json["user_ns"].int_or(0), json["system_ns"].int_or(0), json["max_rss_bytes"].int_or(0)};
  result.notes = json["notes"].string_items();
  return result;
}

}  // namespace sandbox
