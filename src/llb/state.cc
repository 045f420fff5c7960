// SPDX-License-Identifier: Apache-2.0
#include "llb/state.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/json.h"
#include "base/path.h"
#include "base/strings.h"
#include "llb/node.h"

namespace llb {

namespace {

const std::string kNoText;
const std::optional<Platform> kNoPlatform;
const StateValues kNoValues;

UserOpt parse_user(std::string_view text) {
  UserOpt user;
  if (text == "root") return user;
  // As BuildKit: a signed 32-bit number is an id, anything else a name.
  const auto number = base::parse_int(text.starts_with('+') ? text.substr(1) : text);
  if (number && *number >= INT32_MIN && *number <= INT32_MAX) {
    user.id = static_cast<std::uint32_t>(static_cast<std::int32_t>(*number));
  } else {
    user.name = text;
  }
  return user;
}

/// Newest first, every name once.
template <typename Visit>
void for_each_latest(const EnvEntry* entry, Visit&& visit) {
  std::unordered_set<std::string_view> seen;
  for (; entry != nullptr; entry = entry->previous) {
    if (seen.insert(entry->name).second) visit(*entry);
  }
}

}  // namespace

OpOptions& OpOptions::name(std::string custom_name) {
  metadata.description["llb.customname"] = std::move(custom_name);
  return *this;
}

Output Output::resolved() const {
  if (deferred == nullptr) return *this;
  return deferred->get().resolved();
}

const Output& Deferred::get() {
  if (!output_) output_ = make_ ? make_() : Output{};
  return *output_;
}

ChownOpt FileOwner::parse(std::string_view text) {
  const auto colon = text.find(':');
  ChownOpt owner;
  owner.user = parse_user(text.substr(0, colon));
  if (colon != std::string_view::npos) owner.group = parse_user(text.substr(colon + 1));
  return owner;
}

const StateValues& values_of(const State& state) { return state.values_ == nullptr ? kNoValues : *state.values_; }

StateValues& State::change() {
  auto& pool = builder_->pool_->values;
  pool.push_back(values_of(*this));
  values_ = &pool.back();
  return pool.back();
}

State State::with_output(Output output) const {
  State next = *this;
  next.output_ = std::move(output);
  if (next.output_.platform) return next.with_platform(*next.output_.platform);
  return next;
}

const EnvEntry* State::shortened_env() const {
  constexpr std::size_t kShort = 32;
  if (env_ == nullptr || env_->length < kShort + 2 * env_->distinct) return env_;
  std::vector<const EnvEntry*> latest;
  for_each_latest(env_, [&](const EnvEntry& entry) { latest.push_back(&entry); });
  const EnvEntry* list = nullptr;
  for (std::size_t i = latest.size(); i-- > 0;) {
    builder_->pool_->env.push_back({list, latest[i]->name, latest[i]->value, latest.size() - i, latest.size()});
    list = &builder_->pool_->env.back();
  }
  return list;
}

State State::with_env(std::string_view name, std::string_view value) const {
  State next = *this;
  const EnvEntry* before = shortened_env();
  auto& pool = builder_->pool_->env;
  pool.push_back({before, std::string(name), std::string(value), before == nullptr ? 1 : before->length + 1,
                  before == nullptr ? 0 : before->distinct});
  next.env_ = &pool.back();
  return next;
}

std::optional<std::string> State::env(std::string_view name) const {
  for (const auto* entry = env_; entry != nullptr; entry = entry->previous) {
    if (entry->name == name) return entry->value;
  }
  return std::nullopt;
}

std::vector<std::string> State::env_names() const {
  std::vector<std::string> names;
  for_each_latest(env_, [&](const EnvEntry& entry) { names.push_back(entry.name); });
  std::reverse(names.begin(), names.end());
  return names;
}

std::vector<std::string> State::env_entries() const {
  std::vector<std::string> entries;
  for_each_latest(env_, [&](const EnvEntry& entry) { entries.push_back(entry.name + "=" + entry.value); });
  std::reverse(entries.begin(), entries.end());
  return entries;
}

State State::with_dir(std::string_view path) const {
  std::string absolute(path);
  if (!base::is_absolute(path)) absolute = base::join_path(dir().empty() ? "/" : dir(), path);
  if (values_ != nullptr && values_->dir == absolute) return *this;
  State next = *this;
  next.change().dir = std::move(absolute);
  return next;
}

const std::string& State::dir() const { return values_ == nullptr ? kNoText : values_->dir; }

State State::with_user(std::string user) const {
  State next = *this;
  next.change().user = std::move(user);
  return next;
}

State State::with_hostname(std::string hostname) const {
  State next = *this;
  next.change().hostname = std::move(hostname);
  return next;
}

State State::with_platform(const Platform& platform) const {
  State next = *this;
  next.change().platform = normalize(platform);
  return next;
}

const std::optional<Platform>& State::platform() const { return values_ == nullptr ? kNoPlatform : values_->platform; }

State State::with_network(NetMode mode) const {
  if (values_of(*this).network == mode) return *this;
  State next = *this;
  next.change().network = mode;
  return next;
}

State State::with_security(SecurityMode mode) const {
  if (values_of(*this).security == mode) return *this;
  State next = *this;
  next.change().security = mode;
  return next;
}

State State::with_extra_host(HostIp host) const {
  State next = *this;
  next.change().extra_hosts.push_back(std::move(host));
  return next;
}

State State::with_ulimit(Ulimit limit) const {
  State next = *this;
  next.change().ulimits.push_back(std::move(limit));
  return next;
}

State State::with_cgroup_parent(std::string parent) const {
  State next = *this;
  next.change().cgroup_parent = std::move(parent);
  return next;
}

State State::with_image_config(std::string_view config) const {
  const auto image = base::Json::parse(config);
  State next = *this;
  for (const auto& entry : image["config"]["Env"].string_items()) {
    const auto equals = entry.find('=');
    if (equals == 0 || entry.empty()) continue;
    next = next.with_env(entry.substr(0, equals), equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
  next = next.with_dir(image["config"]["WorkingDir"].string_or(""));
  Platform platform;
  platform.os = image["os"].string_or("");
  platform.architecture = image["architecture"].string_or("");
  platform.variant = image["variant"].string_or("");
  platform.os_version = image["os.version"].string_or("");
  platform.os_features = image["os.features"].string_items();
  if (!platform.os.empty() && !platform.architecture.empty()) next = next.with_platform(platform);
  return next;
}

ExecState State::run(RunOptions options) const {
  const auto platform = options.op.platform;
  const bool readonly_root = options.readonly_root;
  std::vector<State> sources;
  for (const auto& mount : options.mounts) sources.push_back(mount.source);
  auto* node = builder_->make<ExecNode>(*this, std::move(options));
  ExecState result{readonly_root ? *this : with_output({.node = node, .slot = 0, .platform = platform}), {}};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    result.mounts.push_back(
        sources[i].with_output({.node = node, .slot = static_cast<int>(i) + 1, .platform = platform}));
  }
  return result;
}

State State::file(std::vector<FileStep> steps, OpOptions options) const {
  return with_output({.node = builder_->make<FileNode>(*this, std::move(steps), std::move(options))});
}

}  // namespace llb
