// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/context_config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/convert_ports.h"
#include "dockerfile/go_values.h"

namespace dockerfile {

namespace {

constexpr int kMaxCpu = 8192;

[[noreturn]] void invalid(const std::string& text) { throw base::Error(base::Code::invalid_argument, text); }

std::string get(const FrontendOpts& opts, std::string_view name) {
  const auto found = opts.find(std::string(name));
  return found == opts.end() ? "" : found->second;
}

std::map<std::string, std::string> with_prefix(const FrontendOpts& opts, std::string_view prefix) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : opts) {
    if (name.starts_with(prefix)) out[name.substr(prefix.size())] = value;
  }
  return out;
}

std::vector<llb::Platform> parse_platforms(std::string_view text) {
  std::vector<llb::Platform> platforms;
  if (text.empty()) return platforms;
  for (const auto& name : base::split(text, ',')) {
    platforms.push_back(base::with_context([&] { return llb::normalize(llb::parse_platform(name)); },
                                           "failed to parse target platform {}", name));
  }
  return platforms;
}

ResolveMode parse_resolve_mode(std::string_view text) {
  if (text.empty() || text == "default") return ResolveMode::default_;
  if (text == "pull") return ResolveMode::pull;
  if (text == "local") return ResolveMode::local;
  base::fail(base::Code::invalid_argument, "invalid image-resolve-mode: {}", text);
}

llb::NetMode parse_network(std::string_view text) {
  if (text.empty() || text == "sandbox") return llb::NetMode::sandbox;
  if (text == "host") return llb::NetMode::host;
  if (text == "none") return llb::NetMode::none;
  base::fail(base::Code::invalid_argument, "invalid netmode {}", text);
}

/// The address as it is usually written: shortest IPv6, IPv4-in-IPv6 as IPv4.
std::string normal_ip(const std::string& text) {
  in6_addr v6{};
  if (text.find(':') == std::string::npos || inet_pton(AF_INET6, text.c_str(), &v6) != 1) return text;
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    inet_ntop(AF_INET, &v6.s6_addr[12], buffer.data(), buffer.size());
  } else {
    inet_ntop(AF_INET6, &v6, buffer.data(), buffer.size());
  }
  return buffer.data();
}

std::vector<llb::HostIp> parse_hosts(const std::string& text) {
  std::vector<llb::HostIp> hosts;
  if (text.empty()) return hosts;
  for (const auto& field : parse_csv(text)) {
    const auto lower = base::lower_runes(field);
    const auto equals = lower.find('=');
    if (equals == std::string::npos) invalid("invalid key-value pair " + field);
    const auto ip = lower.substr(equals + 1);
    if (!is_ip_address(ip)) invalid("failed to parse IP " + ip);
    hosts.push_back({lower.substr(0, equals), normal_ip(ip)});
  }
  return hosts;
}

/// strconv.ParseInt and ParseUint with their error texts.
std::int64_t parse_number(std::string_view text, std::string_view function = "ParseInt") {
  auto digits = text;
  if (function == "ParseInt" && digits.starts_with('+')) digits.remove_prefix(1);
  const auto number = base::parse_int(digits);
  if (!number || (function == "ParseUint" && *number < 0)) {
    const bool numeric = !digits.empty() && std::all_of(digits.begin() + (digits.front() == '-' ? 1 : 0), digits.end(),
                                                        [](char c) { return c >= '0' && c <= '9'; });
    base::fail(base::Code::invalid_argument, "strconv.{}: parsing {}: {}", function, base::quote(text),
               numeric && function == "ParseInt" && digits != "-" ? "value out of range" : "invalid syntax");
  }
  return *number;
}

llb::Ulimit parse_ulimit(const std::string& text) {
  static constexpr std::string_view kNames[] = {"core",    "cpu",      "data",   "fsize",      "locks",
                                                "memlock", "msgqueue", "nice",   "nofile",     "nproc",
                                                "rss",     "rtprio",   "rttime", "sigpending", "stack"};
  const auto equals = text.find('=');
  if (equals == std::string::npos) invalid("invalid ulimit argument: " + text);
  llb::Ulimit limit;
  limit.name = text.substr(0, equals);
  if (std::find(std::begin(kNames), std::end(kNames), limit.name) == std::end(kNames)) {
    invalid("invalid ulimit type: " + limit.name);
  }
  const auto value = text.substr(equals + 1);
  const auto parts = base::split(value, ':');
  if (parts.size() > 2) {
    invalid("too many limit value arguments - " + value + ", can only have up to two, `soft[:hard]`");
  }
  if (parts.size() == 2) limit.hard = parse_number(parts[1]);
  limit.soft = parse_number(parts[0]);
  if (parts.size() == 1) limit.hard = limit.soft;
  if (limit.hard == -1) return limit;
  constexpr std::string_view kOrder = "ulimit soft limit must be less than or equal to hard limit";
  if (limit.soft == -1) {
    base::fail(base::Code::invalid_argument, "{}: soft: -1 (unlimited), hard: {}", kOrder, limit.hard);
  }
  if (limit.soft > limit.hard) {
    base::fail(base::Code::invalid_argument, "{}: {} > {}", kOrder, limit.soft, limit.hard);
  }
  return limit;
}

/// "0-3,5": refuses what no kernel could take.
void check_cpuset(std::string_view text) {
  const auto number = [](std::string_view part) -> std::int64_t { return base::parse_int(part).value_or(-1); };
  for (const auto& element : base::split(text, ',')) {
    const auto part = base::trim(element);
    if (part.empty()) continue;
    const auto dash = part.find('-');
    const auto low = number(base::trim(part.substr(0, dash)));
    const auto high = dash == std::string_view::npos ? low : number(base::trim(part.substr(dash + 1)));
    const std::string_view kind = dash == std::string_view::npos ? "element" : "range";
    if (low < 0 || high < low)
      base::fail(base::Code::invalid_argument, "invalid cpuset {} {}", kind, base::quote(part));
    if (high > kMaxCpu) {
      base::fail(base::Code::invalid_argument, "cpuset {} {} exceeds maximum {}", kind, base::quote(part), kMaxCpu);
    }
  }
}

std::int64_t limit_option(const FrontendOpts& opts, const char* name, std::string_view function) {
  const auto text = get(opts, name);
  if (text.empty()) return 0;
  const auto value =
      base::with_context([&] { return parse_number(text, function); }, "invalid {} value: {}", name, text);
  const bool unlimited = std::string_view(name) == "memswap" && value == -1;
  if (value > 0 || unlimited) return value;
  base::fail(base::Code::invalid_argument, "invalid {} value: {}: must be {}> 0", name, text,
             std::string_view(name) == "memswap" ? "-1 (unlimited) or " : "");
}

std::string cpuset_option(const FrontendOpts& opts, const char* name) {
  auto text = get(opts, name);
  base::with_context([&] { check_cpuset(text); }, "invalid {} value: {}", name, text);
  return text;
}

std::optional<llb::LinuxResources> parse_resources(const FrontendOpts& opts) {
  llb::LinuxResources limits;
  limits.memory = limit_option(opts, "memory", "ParseInt");
  limits.memory_swap = limit_option(opts, "memswap", "ParseInt");
  limits.cpu_shares = static_cast<std::uint64_t>(limit_option(opts, "cpushares", "ParseUint"));
  limits.cpu_period = static_cast<std::uint64_t>(limit_option(opts, "cpuperiod", "ParseUint"));
  limits.cpu_quota = limit_option(opts, "cpuquota", "ParseInt");
  limits.cpuset_cpus = cpuset_option(opts, "cpusetcpus");
  limits.cpuset_mems = cpuset_option(opts, "cpusetmems");
  if (limits == llb::LinuxResources{}) return std::nullopt;
  return limits;
}

bool parse_multi_platform(FrontendOpts& opts, bool several) {
  if (const auto argument = get(opts, "build-arg:BUILDKIT_MULTI_PLATFORM"); !argument.empty()) {
    opts["multi-platform"] = argument;
  }
  const auto text = get(opts, "multi-platform");
  if (text.empty()) return several;
  const auto truth = parse_bool(text);
  if (!truth) invalid("invalid boolean value for multi-platform: " + text);
  if (!*truth && several) {
    invalid("conflicting config: returning multiple target platforms is not allowed");
  }
  return *truth;
}

void check_removed_options(const FrontendOpts& opts) {
  if (!get(opts, "override-copy-image").empty()) {
    invalid("support for \"override-copy-image\" was removed in BuildKit 0.11");
  }
  if (parse_bool(get(opts, "build-arg:BUILDKIT_DISABLE_FILEOP")).value_or(false)) {
    invalid("support for \"BUILDKIT_DISABLE_FILEOP\" build-arg was removed in BuildKit 0.11");
  }
}

}  // namespace

std::string_view resolve_mode_name(ResolveMode mode) {
  switch (mode) {
    case ResolveMode::pull: return "pull";
    case ResolveMode::local: return "local";
    case ResolveMode::default_: break;
  }
  return "default";
}

FrontendConfig FrontendConfig::parse(FrontendOpts& opts, const BuildOpts& build) {
  check_removed_options(opts);
  FrontendConfig config;
  config.build_platform = llb::host_platform();
  if (!build.workers.empty() && !build.workers.front().platforms.empty()) {
    config.build_platform = build.workers.front().platforms.front();
  }
  config.target_platforms = parse_platforms(get(opts, "platform"));
  config.resolve_mode = parse_resolve_mode(get(opts, "image-resolve-mode"));
  config.extra_hosts =
      base::with_context([&] { return parse_hosts(get(opts, "add-hosts")); }, "failed to parse additional hosts");
  if (const auto size = get(opts, "shm-size"); !size.empty()) {
    config.shm_size = base::with_context([&] { return parse_number(size); }, "failed to parse shm size");
  }
  base::with_context(
      [&] {
        const auto text = get(opts, "ulimit");
        if (text.empty()) return;
        for (const auto& field : parse_csv(text)) config.ulimits.push_back(parse_ulimit(field));
      },
      "failed to parse ulimit");
  config.resources = base::with_context([&] { return parse_resources(opts); }, "failed to parse resource limits");
  config.network = parse_network(get(opts, "force-network-mode"));
  if (const auto found = opts.find("no-cache"); found != opts.end()) {
    config.no_cache.emplace();
    if (!found->second.empty()) config.no_cache = base::split(found->second, ',');
  }
  config.multi_platform = parse_multi_platform(opts, config.target_platforms.size() > 1);
  config.build_args = with_prefix(opts, "build-arg:");
  config.labels = with_prefix(opts, "label:");
  config.cache_id_namespace = get(opts, "build-arg:BUILDKIT_CACHE_MOUNT_NS");
  config.cgroup_parent = get(opts, "cgroup-parent");
  config.target = get(opts, "target");
  if (const auto name = get(opts, "build-arg:BUILDKIT_SANDBOX_HOSTNAME"); !name.empty()) opts["hostname"] = name;
  config.hostname = get(opts, "hostname");
  if (const auto found = opts.find("build-arg:BUILDKIT_DOCKERFILE_CHECK"); found != opts.end()) {
    config.lint = base::with_context([&] { return LintConfig::parse(found->second); },
                                     "failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK");
  }
  config.local_sessions = with_prefix(opts, "local-sessionid:");
  return config;
}

bool FrontendConfig::is_no_cache(std::string_view stage) const {
  if (!no_cache) return false;
  if (no_cache->empty()) return true;
  return std::any_of(no_cache->begin(), no_cache->end(),
                     [&](const std::string& name) { return base::equal_fold(name, stage); });
}

}  // namespace dockerfile
