// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_stages.h"

#include <algorithm>
#include <cmath>

#include "base/path.h"
#include "base/unicode.h"
#include "dockerfile/convert_text.h"

namespace dockerfile {

namespace {

const std::string kNoTime;

/// The platform that a stage which runs on another one builds for, by its TARGET… variables.
std::optional<llb::Platform> platform_of(const Environment& env) {
  llb::Platform platform;
  bool set = false;
  for (const auto& name : env.names()) {
    const auto value = [&] { return env.get(name).value_or(""); };
    if (name == "TARGETPLATFORM") {
      try {
        return llb::parse_platform(value());
      } catch (const base::Error&) {
        continue;
      }
    }
    if (name == "TARGETOS") platform.os = value();
    if (name == "TARGETARCH") platform.architecture = value();
    if (name == "TARGETVARIANT") platform.variant = value();
    set = set || name == "TARGETOS" || name == "TARGETARCH" || name == "TARGETVARIANT";
  }
  if (!set) return std::nullopt;
  return platform;
}

/// "->arm64" for a stage that builds for another platform than it runs on.
std::string cross_suffix(const llb::Platform& base, std::optional<llb::Platform> target) {
  if (!target) return "";
  if (target->os.empty()) target->os = base.os;
  if (target->architecture.empty()) target->architecture = base.architecture;
  const auto platform = llb::normalize(*target);
  if (platform.os != base.os) return "->" + llb::format_platform_all(platform);
  if (platform.architecture == base.architecture) return "";
  return "->" + platform.architecture + (platform.variant.empty() ? "" : "/" + platform.variant);
}

std::string padded(int number, int width) {
  auto text = std::to_string(number);
  if (static_cast<int>(text.size()) < width) text.insert(0, static_cast<std::size_t>(width) - text.size(), ' ');
  return text;
}

}  // namespace

// ---- args ------------------------------------------------------------------------------------

void BuildArgs::set(const KeyOptionalValue& arg) {
  const auto [place, is_new] = places_.emplace(arg.key, args_.size());
  if (is_new) {
    args_.push_back(arg);
  } else {
    args_[place->second] = arg;
  }
}

void ArgList::set(const std::string& name, std::string value) {
  erase(name);
  entries_.emplace_back(name, std::move(value));
}

void ArgList::erase(std::string_view name) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first == name; });
}

std::optional<std::string> ArgList::get(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> ArgList::names() const {
  std::vector<std::string> names;
  for (const auto& [key, value] : entries_) names.push_back(key);
  return names;
}

// ---- stages ----------------------------------------------------------------------------------

void StageState::inherit() {
  if (base == nullptr) return;
  state = base->state;
  platform = base->platform;
  image = base->image;
  image.onbuild.clear();
  base_image = base->base_image;
  paths = base->paths;
  workdir_set = base->workdir_set;
  for (const auto& arg : base->build_args) build_args.set(arg);
}

void StageState::depend_on(StageState* other, const Ranges& where) {
  for (auto& [known, place] : dependencies) {
    if (known == other) {
      place = where;
      return;
    }
  }
  dependencies.emplace_back(other, where);
}

std::vector<std::string> StageState::used_paths() const { return follow_paths_of(*paths); }

std::vector<std::string> follow_paths_of(const PathSet& paths) {
  std::vector<std::string> out;
  for (const auto& path : paths) {
    if (path == "/") return {};
    out.push_back(base::join_path(".", path));
  }
  std::sort(out.begin(), out.end());
  return out;
}

StageState* StageTable::make() { return owned_.emplace_back(std::make_unique<StageState>()).get(); }

void StageTable::add(StageState* stage) {
  all.push_back(stage);
  // Names are kept in lower case and a base is looked up as it is written: FROM Base finds no stage.
  if (const auto found = by_name_.find(stage->stage.base_name); found != by_name_.end()) {
    stage->base = found->second;
    if (stage->parameters) stage->parameters = found->second->parameters;
  }
  if (!stage->stage.name.empty()) by_name_[base::lower_runes(stage->stage.name)] = stage;
}

StageState* StageTable::find(std::string_view name) const {
  const auto found = by_name_.find(base::lower_runes(name));
  return found == by_name_.end() ? nullptr : found->second;
}

StageState* StageTable::at(std::int64_t index) const {
  if (index < 0 || index >= static_cast<std::int64_t>(all.size())) {
    base::fail(base::Code::invalid_argument, "invalid stage index {}", index);
  }
  return all[static_cast<std::size_t>(index)];
}

std::vector<std::string> StageTable::names() const {
  std::vector<std::string> names;
  for (const auto* stage : all) {
    if (!stage->name.empty()) names.push_back(stage->name);
  }
  return names;
}

const std::string& DispatchContext::created() const { return epoch ? epoch->text : kNoTime; }

// ---- names -----------------------------------------------------------------------------------

std::string step_name(StageState& stage, const std::string& text, const FrontendConfig& config,
                      const std::optional<llb::Platform>& platform, const Environment& env) {
  if (stage.command_total == 0) return text;
  std::string out = "[";
  if (config.multi_platform && platform) {
    out += llb::format_platform_all(*platform) + cross_suffix(*platform, platform_of(env)) + " ";
  }
  if (!stage.name.empty()) out += stage.name + " ";
  const int width = 1 + static_cast<int>(std::log10(static_cast<double>(stage.command_total)));
  out += padded(++stage.command_index, width) + "/" + std::to_string(stage.command_total) + "] ";
  if (stage.in_onbuild) out += "ONBUILD ";
  return out + text;
}

std::string shown_text(const ShellWords& shell, const std::string& text, const Environment& env) {
  try {
    return with_upper_command(shell.expand(text, env).text);
  } catch (const base::Error&) {
    return with_upper_command(text);
  }
}

}  // namespace dockerfile
