// SPDX-License-Identifier: Apache-2.0
#include "cli/build_history.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "solve/observer.h"

namespace cli {
namespace {

/// Old builds are removed in one go now and then, so that keeping one costs a single write.
constexpr unsigned kRoomEvery = 16;

std::string step_key(const std::string& step) { return base::sha256(step).short_hex(); }

base::Json to_json(const PastStep& step, std::optional<base::Nanos> pruned) {
  base::Json json = base::Json::object();
  json.set("name", step.name).set_nonempty("file", step.file).set_nonempty("line", step.line);
  json.set("outcome", step.outcome).set_nonempty("error", step.error).set_nonempty("log", step.log);
  json.set_nonempty("vertex", step.vertex);
  if (step.outcome != "cached") json.set_nonempty("nanoseconds", step.took);
  if (!step.step.empty()) json.set("key", step_key(step.step));
  if (!step.why) return json;
  json.set("reason", solve::reason_name(step.why->reason)).set_nonempty("note", step.why->note());
  if (step.why->reason == solve::RunReason::evicted && pruned) json.set("evicted", base::format_rfc3339(*pruned));
  if (step.why->previous != 0) json.set("compared_with", base::format_rfc3339(step.why->previous));
  base::Json causes = base::Json::array();
  for (const auto& cause : step.why->causes) causes.push(ops::to_json(cause));
  return json.set_nonempty("causes", std::move(causes));
}

base::Json to_json(const PastBuild& build, std::optional<base::Nanos> pruned) {
  base::Json json = base::Json::object();
  json.set("id", build.id)
      .set("started", base::format_rfc3339(build.started))
      .set("ended", base::format_rfc3339(build.ended));
  json.set("context", build.context).set_nonempty("file", build.file);
  json.set_nonempty("tags", base::Json::strings(build.tags))
      .set_nonempty("targets", base::Json::strings(build.targets));
  json.set("arguments", base::Json::strings(build.arguments)).set("directory", build.directory);
  json.set("outcome", build.outcome);
  base::Json steps = base::Json::array();
  for (const auto& step : build.steps) steps.push(to_json(step, pruned));
  return json.set("steps", std::move(steps));
}

}  // namespace

/// "20261127-190312.417-3f9a": names sort by time.
std::string BuildHistory::make_id(base::Nanos started) {
  const auto seconds = static_cast<std::time_t>(started / base::kSecond);
  std::tm time{};
  ::gmtime_r(&seconds, &time);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &time);
  return base::format("{}.{:03}-{}", text, started % base::kSecond / 1'000'000, base::random_id(4));
}

void BuildHistory::keep(const PastBuild& build) {
  try {
    if (!base::exists(directory())) base::make_directories(directory());
    base::write_file_atomic(directory() + "/" + build.id, to_json(build, pruned()).dump());
    if (base::sha256(build.id).bytes()[0] % kRoomEvery == 0) make_room();
  } catch (const base::Error& error) {
    base::log_warn("this build is not remembered: {}", error.text());
  }
}

StepLogs::~StepLogs() {
  const std::lock_guard lock(mutex_);
  if (next_ > 1 && files_.empty()) ::rmdir(directory_.c_str());
}

void StepLogs::write(const base::Digest& vertex, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  try {
    File& file = files_[vertex];
    if (!file.fd) {
      if (next_ == 1) base::make_directories(directory_);
      file.path = base::format("{}/{}.log", directory_, next_++);
      file.fd = base::open_file(file.path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    base::write_all(file.fd.get(), bytes);
  } catch (const base::Error& error) {
    if (!std::exchange(warned_, true)) base::log_warn("the log of a step is not kept: {}", error.text());
  }
}

void StepLogs::ended_well(const base::Digest& vertex) {
  const std::lock_guard lock(mutex_);
  const auto file = files_.find(vertex);
  if (file == files_.end()) return;
  ::unlink(file->second.path.c_str());
  files_.erase(file);
}

std::string StepLogs::path(const base::Digest& vertex) const {
  const std::lock_guard lock(mutex_);
  const auto file = files_.find(vertex);
  return file == files_.end() ? "" : file->second.path;
}

std::vector<std::string> BuildHistory::ids() const {
  std::vector<std::string> names;
  if (!base::exists(directory())) return names;
  for (auto& name : base::list_directory(directory())) {
    if (!name.empty() && name.front() >= '0' && name.front() <= '9') names.push_back(std::move(name));
  }
  std::sort(names.rbegin(), names.rend());
  return names;
}

void BuildHistory::make_room() const {
  const auto names = ids();
  for (std::size_t i = kMaxBuilds; i < names.size(); ++i) ::unlink((directory() + "/" + names[i]).c_str());
  if (names.size() < kMaxBuilds || !base::exists(root_ + "/logs")) return;
  // Ids sort by time: logs older than the oldest build that stays have none.
  for (const auto& name : base::list_directory(root_ + "/logs")) {
    if (name < names[kMaxBuilds - 1]) base::remove_tree(root_ + "/logs/" + name);
  }
}

base::Json BuildHistory::read(const std::string& id) const {
  const auto text = base::read_file_if_exists(directory() + "/" + id);
  if (!text) return {};
  try {
    return base::Json::parse(*text);
  } catch (const base::Error&) {
    return {};
  }
}

base::Json BuildHistory::find(const std::string& id) const {
  std::string found;
  for (const auto& name : ids()) {
    if (!name.starts_with(id)) continue;
    if (id.empty()) return read(name);
    if (!found.empty()) {
      base::fail(base::Code::invalid_argument, "build {} is not clear: {} and {} begin so", id, name, found);
    }
    found = name;
  }
  return found.empty() ? base::Json() : read(found);
}

base::Json BuildHistory::get(const std::string& id) const {
  base::Json build = find(id);
  if (!build.is_null()) return build;
  base::Error error(base::Code::not_found, id.empty() ? std::string("no build is remembered in this store")
                                                      : base::format("no past build has an id that begins {}", id));
  error.set_hint(id.empty() ? "build something first" : "'slipway builds' lists them");
  throw error;
}

std::string place_of(const base::Json& step) {
  if (!step.contains("line")) return "";
  return base::format("{}:{}", step["file"].string_or("Dockerfile"), step["line"].int_or(0));
}

bool is_meant(const base::Json& step, const std::string& wanted) {
  if (place_of(step) == wanted) return true;
  if (const auto line = base::parse_int(wanted)) return step["line"].int_or(0) == *line;
  return step["name"].string_or("").find(wanted) != std::string::npos;
}

std::optional<base::Nanos> BuildHistory::pruned() const {
  const auto text = base::read_file_if_exists(root_ + "/pruned");
  return text ? base::parse_rfc3339(*text) : std::nullopt;
}

bool BuildHistory::was_pruned(const std::string& step) {
  if (!pruned_steps_) {
    pruned_steps_.emplace();
    const auto at = pruned();
    for (const auto& id : at ? ids() : std::vector<std::string>()) {
      const base::Json build = read(id);
      if (base::parse_rfc3339(build["ended"].string_or("")).value_or(*at) >= *at) continue;
      for (const auto& past : build["steps"].items()) {
        if (const auto key = past["key"].string_or(""); !key.empty()) pruned_steps_->insert(key);
      }
    }
  }
  return !step.empty() && pruned_steps_->contains(step_key(step));
}

}  // namespace cli
