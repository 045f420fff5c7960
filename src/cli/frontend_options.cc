// SPDX-License-Identifier: Apache-2.0
#include "cli/frontend_options.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "cli/call.h"
#include "output/compatibility.h"

namespace cli {
namespace {

using Options = std::map<std::string, std::string>;

[[noreturn]] void bad_value(std::string_view flag, std::string_view value, std::string_view want) {
  base::fail(base::Code::invalid_argument, "invalid value for {}: {}: want {}", flag, value, want);
}

/// NAME=VALUE; NAME alone takes the value of the environment, or is left out when that has none.
void add_build_args(const BuildOptions& options, Options& out) {
  for (const auto& text : options.build_args) {
    if (const auto parts = base::cut(text, "=")) {
      out[base::format("build-arg:{}", parts->first)] = std::string(parts->second);
    } else if (const char* value = ::getenv(text.c_str())) {
      out["build-arg:" + text] = value;
    }
  }
}

void add_labels(const BuildOptions& options, Options& out) {
  for (const auto& text : options.labels) {
    const auto parts = base::cut(text, "=");
    out[base::format("label:{}", parts ? parts->first : std::string_view(text))] =
        parts ? std::string(parts->second) : "";
  }
}

void add_hosts(const BuildOptions& options, Options& out) {
  std::vector<std::string> hosts;
  for (const auto& text : options.add_hosts) {
    // Both HOST=IP and docker's HOST:IP; an IPv6 address may stand in brackets.
    const auto at = text.find_first_of("=:");
    if (at == text.npos || at == 0) bad_value("--add-host", text, "HOST:IP");
    std::string address = text.substr(at + 1);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    hosts.push_back(base::format("{}={}", text.substr(0, at), address));
  }
  if (!hosts.empty()) out["add-hosts"] = base::join(hosts, ",");
}

void add_network(const BuildOptions& options, Options& out) {
  if (options.network == "none" || options.network == "host") {
    out["force-network-mode"] = options.network;
  } else if (options.network != "default" && options.network != "sandbox" && !options.network.empty()) {
    bad_value("--network", options.network, "default, none or host");
  }
}

void add_ulimits(const BuildOptions& options, Options& out) {
  for (const auto& text : options.ulimits) {
    if (!base::cut(text, "=")) bad_value("--ulimit", text, "NAME=SOFT[:HARD]");
  }
  if (!options.ulimits.empty()) out["ulimit"] = base::join(options.ulimits, ",");
}

void add_resources(const BuildOptions& options, Options& out) {
  for (const auto& text : options.resources) {
    const auto parts = base::cut(text, "=");
    if (!parts) bad_value("--resource", text, "NAME=VALUE");
    const std::string name = base::replace_all(parts->first, "-", "");
    const bool bytes = name == "memory" || name == "memswap";
    out[name] = bytes ? std::to_string(parse_size(parts->second, "--resource")) : std::string(parts->second);
  }
}

ops::SecretSource parse_secret(const std::string& text, std::string& id) {
  ops::SecretSource secret;
  std::string type;
  for (const auto& field : base::split_csv(text)) {
    const auto parts = base::cut(field, "=");
    if (!parts) bad_value("--secret", text, "id=ID[,src=FILE|,env=NAME]");
    const std::string key = base::lower(parts->first);
    const std::string value(parts->second);
    if (key == "id")
      id = value;
    else if (key == "src" || key == "source")
      secret.file = value;
    else if (key == "env")
      secret.variable = value;
    else if (key == "type")
      type = value;
    else
      bad_value("--secret", text, "the keys id, src, env and type");
  }
  if (id.empty()) bad_value("--secret", text, "an id");
  if (secret.file.empty() && secret.variable.empty()) {
    // As buildx: a secret without a source is the variable of its name if that is set, else a file.
    if (type == "env" || (type.empty() && ::getenv(id.c_str())))
      secret.variable = id;
    else
      secret.file = id;
  }
  if (type == "env" && secret.variable.empty()) secret.variable = std::exchange(secret.file, "");
  return secret;
}

/// "default", "ID", "ID=SOCKET" or "ID=KEY[,KEY…]"
ops::SshSource parse_ssh(const std::string& text, std::string& id) {
  const auto parts = base::cut(text, "=");
  id = parts ? std::string(parts->first) : text;
  if (id.empty()) bad_value("--ssh", text, "default, or ID=SOCKET, or ID=KEY");
  ops::SshSource source;
  std::vector<std::string> paths;
  if (parts && !parts->second.empty()) paths = base::split(parts->second, ',');
  if (paths.empty()) {
    const char* agent = ::getenv("SSH_AUTH_SOCK");
    if (!agent || !*agent) {
      base::Error error(base::Code::invalid_argument,
                        base::format("--ssh {}: there is no agent: SSH_AUTH_SOCK is not set", text));
      error.set_hint("start one (eval $(ssh-agent); ssh-add), or name a key: --ssh " + id + "=KEY");
      throw error;
    }
    source.agent = agent;
    return source;
  }
  for (const auto& path : paths) {
    const auto info = base::stat_if_exists(path);
    if (!info) base::fail(base::Code::invalid_argument, "--ssh {}: {} does not exist", text, path);
    if (!S_ISSOCK(info->st_mode)) {
      source.keys.push_back(path);
    } else if (paths.size() > 1) {
      base::fail(base::Code::invalid_argument, "--ssh {}: one socket or some keys, not both", text);
    } else {
      source.agent = path;
    }
  }
  return source;
}

}  // namespace

std::int64_t parse_size(std::string_view text, std::string_view flag) {
  std::string number(text);
  std::int64_t factor = 1;
  std::string unit;
  while (!number.empty() && !(number.back() >= '0' && number.back() <= '9')) {
    unit.insert(unit.begin(), number.back());
    number.pop_back();
  }
  unit = base::lower(base::trim(unit));
  if (unit.ends_with('b')) unit.pop_back();
  if (unit.ends_with('i')) unit.pop_back();
  const std::string_view units = "kmgtp";
  if (!unit.empty()) {
    const auto power = units.find(unit[0]);
    if (unit.size() != 1 || power == units.npos) bad_value(flag, text, "a size such as 64m");
    for (std::size_t i = 0; i <= power; ++i) factor *= 1024;
  }
  char* end = nullptr;
  const double value = ::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || value < 0) bad_value(flag, text, "a size such as 64m");
  return static_cast<std::int64_t>(value * static_cast<double>(factor));
}

std::map<std::string, std::string> frontend_options(const BuildOptions& options) {
  Options out;
  add_build_args(options, out);
  add_labels(options, out);
  add_hosts(options, out);
  add_network(options, out);
  add_ulimits(options, out);
  add_resources(options, out);
  if (options.no_cache) out["no-cache"] = "";
  if (!options.no_cache_filters.empty()) out["no-cache"] = base::join(options.no_cache_filters, ",");
  if (options.pull) out["image-resolve-mode"] = "pull";
  if (!options.shm_size.empty()) out["shm-size"] = std::to_string(parse_size(options.shm_size, "--shm-size"));
  if (!options.cgroup_parent.empty()) out["cgroup-parent"] = options.cgroup_parent;
  if (!options.targets.empty()) out["target"] = options.targets.back();
  if (const auto call = parse_call(options)) {
    out["requestid"] = call->request;
    out["frontend.caps"] = "moby.buildkit.frontend.subrequests";
  }
  if (!options.platforms.empty()) out["platform"] = base::join(options.platforms, ",");
  if (const char* epoch = ::getenv("SOURCE_DATE_EPOCH"); epoch && !out.contains("build-arg:SOURCE_DATE_EPOCH")) {
    out["build-arg:SOURCE_DATE_EPOCH"] = epoch;
  }
  return out;
}

namespace {

/// Before that, zip archives know no time.
constexpr const char* kEarliest = "315532800";

std::string time_of_last_commit(const std::string& directory) {
  try {
    const auto output = base::run_collect({.argv = {"git", "-C", directory, "log", "-1", "--format=%ct"}});
    const std::string seconds(base::trim(output.out));
    if (output.status.ok() && base::parse_int(seconds)) return seconds;
  } catch (const base::Error&) {
    // No git: no commit either.
  }
  return kEarliest;
}

}  // namespace

BuildOptions with_fixed_time(BuildOptions options) {
  if (!options.reproducible) return options;
  const bool given = ::getenv("SOURCE_DATE_EPOCH") != nullptr ||
                     std::any_of(options.build_args.begin(), options.build_args.end(),
                                 [](const auto& argument) { return argument.starts_with("SOURCE_DATE_EPOCH"); });
  if (!given) options.build_args.push_back("SOURCE_DATE_EPOCH=" + time_of_last_commit(options.context));
  return options;
}

std::vector<llb::Platform> wanted_platforms(const BuildOptions& options) {
  std::vector<llb::Platform> platforms;
  for (const auto& list : options.platforms) {
    for (const auto& text : base::split(list, ',')) {
      platforms.push_back(llb::normalize(llb::parse_platform(base::trim(text))));
    }
  }
  return platforms;
}

std::string project_of(const BuildOptions& options) {
  const std::unique_ptr<char, decltype(&std::free)> path(::realpath(options.context.c_str(), nullptr), &std::free);
  return (path ? std::string(path.get()) : options.context) + "\n" + options.file;
}

ops::BuildSettings build_settings(const BuildOptions& options) {
  ops::BuildSettings settings;
  settings.project = project_of(options);
  settings.offline = options.offline;
  settings.writable_git_files = output::has_writable_git_files(options.compatibility_version);
  settings.reversed_directories = options.reversed_directories;
  for (const auto& list : options.allow) {
    for (const auto& name : base::split(list, ',')) {
      if (name != "network.host" && name != "security.insecure") {
        bad_value("--allow", name, "network.host or security.insecure");
      }
      settings.entitlements.insert(name);
    }
  }
  // Asking for the host's network on the command line is the permission too, as with docker.
  if (options.network == "host") settings.entitlements.insert("network.host");
  for (const auto& text : options.secrets) {
    std::string id;
    ops::SecretSource secret = parse_secret(text, id);
    settings.secrets[id] = std::move(secret);
  }
  if (options.secret_leak == "error") settings.secret_leak = ops::SecretLeak::error;
  for (const auto& text : options.ssh) {
    std::string id;
    ops::SshSource source = parse_ssh(text, id);
    if (settings.ssh.contains(id)) base::fail(base::Code::invalid_argument, "--ssh: {} is given twice", id);
    settings.ssh[id] = std::move(source);
  }
  return settings;
}

}  // namespace cli
