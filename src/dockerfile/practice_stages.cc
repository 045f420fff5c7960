// SPDX-License-Identifier: Apache-2.0
// How stages hang together: UnusedStage, ChainedStage.
#include <algorithm>
#include <array>
#include <set>

#include "base/strings.h"
#include "dockerfile/practice_file.h"

namespace dockerfile {
namespace {

// ---- unused stages -----------------------------------------------------------------------------

/// Names of stages that exist to be copied from or continued, not to be built for themselves.
bool is_for_others(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "build", "builder", "deps", "dependencies", "install", "compile", "compiler", "source", "sources", "downloader"};
  return base::is_one_of(name, kNames);
}

/// Whether a name with variables in it can come to be `name`: build-${KIND}.
bool may_become(std::string_view written, std::string_view name) {
  const auto dollar = written.find('$');
  return dollar != written.npos && name.starts_with(written.substr(0, dollar));
}

void check_unused(const PracticeFile& file) {
  const auto& stages = file.stages();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i + 1 == stages.size() || i == file.facts().target || file.is_used(i)) continue;
    const auto& stage = stages[i];
    // A stage with a name of its own is likely a target (--target test).
    if (!stage.name.empty() && !is_for_others(stage.name)) continue;
    if (std::ranges::any_of(stages, [&](const Stage& other) { return may_become(other.base_name, stage.name); })) {
      continue;
    }
    file.report("UnusedStage",
                stage.name.empty()
                    ? base::format("Nothing uses this stage, and it has no name to be built by: {}", stage.code)
                    : base::format("No stage uses {}", stage.name),
                "Remove it, or COPY --from it; name it for what it makes if it is to be built with --target", stage);
  }
}

// ---- waiting for nothing -----------------------------------------------------------------------

/// A call whose outcome depends on no file of the image's application.
bool is_independent(const ShellCall& call) {
  static constexpr std::array<std::string_view, 15> kPrograms = {"rm",
                                                                 "echo",
                                                                 "set",
                                                                 "true",
                                                                 "mkdir",
                                                                 "useradd",
                                                                 "adduser",
                                                                 "groupadd",
                                                                 "addgroup",
                                                                 "ldconfig",
                                                                 "locale-gen",
                                                                 "usermod",
                                                                 "update-ca-certificates",
                                                                 "export",
                                                                 "dpkg-reconfigure"};
  if (const auto package = package_call(call)) {
    return package->manager != PackageCall::Manager::pip && !package->from_file;
  }
  return base::is_one_of(call.program(), kPrograms);
}

/// A step of nothing but package installation, which is worth running early.
bool is_system_install(const PracticeFile& file, const PlacedCommand& placed) {
  const auto* run = placed.as<RunCommand>();
  if (run == nullptr) return false;
  const auto& calls = file.calls(placed);
  const bool installs = std::ranges::any_of(file.packages(placed), [](const PackageCall& call) {
    return call.action == PackageCall::Action::install && !call.packages.empty();
  });
  return installs && std::ranges::all_of(calls, is_independent) &&
         std::ranges::none_of(run->mount_flags,
                              [](const std::string& flag) { return flag.find("from=") != flag.npos; });
}

/// Whether files there can have a say in what package managers do, or be overwritten by them.
bool is_apart_from_packages(std::string_view path) {
  if (path.empty() || path == "/") return false;
  if (!path.starts_with('/')) return path.find('$') == path.npos;  // below the working directory
  for (const std::string_view kept : {"/app", "/srv", "/opt", "/home", "/usr/local/bin", "/usr/src", "/www", "/code",
                                      "/var/www", "/usr/share/nginx", "/workspace", "/src", "/dist", "/data"}) {
    if (path.starts_with(kept)) return true;
  }
  return false;
}

/// Whether `script` names something that the copy brings.
bool mentions(std::string_view script, const SourcesAndDest& sources) {
  const auto last_part = [](std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
  };
  if (sources.dest.size() > 2 && script.find(sources.dest) != script.npos) return true;
  return std::ranges::any_of(sources.paths, [&](const std::string& path) {
    const auto name = last_part(path);
    return name.size() > 1 && script.find(name) != script.npos;
  });
}

/// COPY --from=STAGE in front of a package installation makes that wait for the stage. Said once for an installation.
void check_waiting(const PracticeFile& file, const StageUse& use, std::set<int>& told) {
  const auto* copy = use.by.as<CopyCommand>();
  if (copy == nullptr || !use.stage || !file.is_needed(use.by.stage)) return;
  if (!is_apart_from_packages(copy->sources.dest)) return;
  // A stage that is no more than an image has nothing to wait for.
  const auto made = file.commands_of(*use.stage);
  const bool works = std::ranges::any_of(made, [](const PlacedCommand& p) { return p.as<RunCommand>() != nullptr; });
  if (!works) return;
  const auto commands = file.commands_of(use.by.stage);
  for (std::size_t i = use.by.index + 1; i < commands.size(); ++i) {
    const auto* run = commands[i].as<RunCommand>();
    if (run == nullptr) {
      // The user, the directory or a variable may be what the copy was placed for.
      if (commands[i].as<UserCommand>() != nullptr) return;
      // Another copy that has to stay above makes the installation wait all the same.
      const auto* other = commands[i].as<CopyCommand>();
      if (other != nullptr && !other->from.empty() && !is_apart_from_packages(other->sources.dest)) return;
      continue;
    }
    if (!is_system_install(file, commands[i]) || mentions(script_of(*run), copy->sources)) return;
    if (!told.insert(commands[i].line()).second) return;
    return file.report(
        "ChainedStage",
        base::format("The installation of line {} has to wait for stage {}, of which it needs nothing",
                     commands[i].line(), use.name),
        base::format("Move what is copied from stages in front of line {0} below it: the installation then runs beside "
                     "them and stays cached",
                     commands[i].line()),
        *copy);
  }
}

/// A stage that continues one with application files, only to install packages that others copy.
void check_continued(const PracticeFile& file, std::size_t stage) {
  const auto base = file.base_stage(stage);
  if (!base || !file.is_needed(stage) || stage == file.facts().target) return;
  const auto commands = file.commands_of(stage);
  const bool only_installs = !commands.empty() && std::ranges::all_of(commands, [&](const PlacedCommand& placed) {
    return is_system_install(file, placed) || placed.as<ArgCommand>() != nullptr ||
           placed.as<EnvCommand>() != nullptr || placed.as<LabelCommand>() != nullptr;
  });
  if (!only_installs) return;
  const auto before = file.commands_of(*base);
  const bool has_sources = std::ranges::any_of(before, [](const PlacedCommand& placed) {
    const auto* copy = placed.as<CopyCommand>();
    return copy != nullptr && copy->from.empty();
  });
  if (!has_sources) return;
  // Who continues it wants what its base holds as well.
  for (std::size_t i = stage + 1; i < file.stages().size(); ++i) {
    if (file.base_stage(i) == stage) return;
  }
  const auto& name = file.stages()[stage].base_name;
  file.report(
      "ChainedStage",
      base::format("This stage waits for {} and installs again whenever its sources change, but uses nothing of it",
                   name),
      base::format("Let it begin where {} begins: FROM {}", name, file.stages()[*base].base_name),
      file.stages()[stage]);
}

}  // namespace

void check_stage_structure(const PracticeFile& file) {
  check_unused(file);
  std::set<int> told;
  for (const auto& use : file.uses()) check_waiting(file, use, told);
  for (std::size_t i = 0; i < file.stages().size(); ++i) check_continued(file, i);
}

}  // namespace dockerfile
