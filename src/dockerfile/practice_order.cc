// SPDX-License-Identifier: Apache-2.0
// The order of steps: CopyBeforeDependencies, UpdateWithoutInstall.
#include <algorithm>

#include "base/strings.h"
#include "dockerfile/practice_file.h"

namespace dockerfile {
namespace {

using Manager = PackageCall::Manager;
using Action = PackageCall::Action;

// ---- sources before dependencies ---------------------------------------------------------------

bool is_whole_context(const SourcesAndDest& sources) {
  return std::ranges::any_of(sources.paths, [](const std::string& path) {
    return path == "." || path == "./" || path == "/" || path == "*" || path == "./*" || path == "/*";
  });
}

/// COPY or ADD of all sources.
bool copies_sources(const PlacedCommand& placed) {
  if (const auto* copy = placed.as<CopyCommand>()) return copy->from.empty() && is_whole_context(copy->sources);
  const auto* add = placed.as<AddCommand>();
  return add != nullptr && is_whole_context(add->sources);
}

/// Dependencies brought ready-made.
bool copies_dependencies(const PlacedCommand& placed) {
  const auto* copy = placed.as<CopyCommand>();
  if (copy == nullptr || copy->from.empty()) return false;
  return std::ranges::any_of(copy->sources.paths, [](const std::string& path) {
    return path.find("node_modules") != path.npos || path.find("vendor") != path.npos ||
           path.find("site-packages") != path.npos || path.find("venv") != path.npos ||
           path.find("/pkg") != path.npos || path.find("bundle") != path.npos;
  });
}

struct Install {
  std::string tool;       ///< "npm", "apt"
  std::string manifests;  ///< "" for system packages
};

std::optional<Install> system_install(const PackageCall& call) {
  if (call.action != Action::install || call.from_file || call.packages.empty()) return std::nullopt;
  switch (call.manager) {
    case Manager::apt: return Install{"apt", ""};
    case Manager::apk: return Install{"apk", ""};
    case Manager::dnf: return Install{"dnf", ""};
    default: return std::nullopt;
  }
}

std::vector<Install> installs_of(const PracticeFile& file, const PlacedCommand& placed) {
  std::vector<Install> installs;
  if (placed.as<RunCommand>() == nullptr) return installs;
  for (const auto& call : file.calls(placed)) {
    if (const auto found = manifest_install(call)) {
      installs.push_back({std::string(found->tool), std::string(found->manifests)});
    }
    if (const auto package = package_call(call)) {
      if (auto found = system_install(*package)) installs.push_back(std::move(*found));
    }
  }
  return installs;
}

void report_copy(const PracticeFile& file, const PlacedCommand& copy, const PlacedCommand& run,
                 const Install& install) {
  const std::string message = base::format(
      "Every change of a source file makes line {} install its dependencies again ({})", run.line(), install.tool);
  if (install.manifests.empty()) {
    file.report("CopyBeforeDependencies", message,
                base::format("Move the installation of line {} above this line", run.line()), copy.base());
  } else {
    file.report("CopyBeforeDependencies", message,
                base::format("Before this line: COPY {} ./ and the installation of line {}; then {}", install.manifests,
                             run.line(), copy.base().code),
                copy.base());
  }
}

void check_copy_order(const PracticeFile& file, std::size_t stage) {
  const auto commands = file.commands_of(stage);
  const auto copy = std::ranges::find_if(commands, copies_sources);
  if (copy == commands.end()) return;
  // What the stage continues may have installed the dependencies already.
  std::vector<std::string> installed;
  for (auto base = std::optional(stage); base; base = file.base_stage(*base)) {
    for (const auto& placed : file.commands_of(*base)) {
      if (placed.stage == stage && placed.index >= copy->index) break;
      for (const auto& install : installs_of(file, placed)) installed.push_back(install.tool);
      if (copies_dependencies(placed)) return;
    }
  }
  for (auto run = copy + 1; run != commands.end(); ++run) {
    for (const auto& install : installs_of(file, *run)) {
      const bool again = !install.manifests.empty() && std::ranges::find(installed, install.tool) != installed.end();
      if (!again) return report_copy(file, *copy, *run, install);
    }
  }
}

// ---- apt-get update on its own -----------------------------------------------------------------

bool is_harmless(const ShellCall& call) {
  const auto program = call.program();
  return program == "rm" || program == "set" || program == "echo" || program == "true" || program == "mkdir" ||
         program == "sed" || program == "cat" || program == "cd" || program == "export";
}

/// A step that fetches apt's lists and uses them for nothing that can be seen.
bool only_updates(const PracticeFile& file, const PlacedCommand& placed) {
  bool updates = false;
  for (const auto& call : file.calls(placed)) {
    const auto package = package_call(call);
    if (!package) {
      if (is_harmless(call)) continue;
      return false;  // a script, perhaps, that installs
    }
    if (package->manager != Manager::apt) continue;
    if (package->action == Action::update) {
      updates = true;
    } else if (package->action != Action::clean) {
      return false;
    }
  }
  return updates;
}

void check_update(const PracticeFile& file, const PlacedCommand& placed) {
  const auto* run = placed.as<RunCommand>();
  if (run == nullptr || !only_updates(file, placed) || PracticeFile::is_mounted(*run, "/var/lib/apt/lists")) return;
  file.report(
      "UpdateWithoutInstall",
      "apt-get update alone in a step: it stays cached while the packages it lists are replaced",
      "Join it with the installation: RUN apt-get update && apt-get install -y … && rm -rf /var/lib/apt/lists/*", *run);
}

}  // namespace

void check_step_order(const PracticeFile& file) {
  for (std::size_t stage = 0; stage < file.stages().size(); ++stage) {
    if (!file.is_needed(stage)) continue;
    check_copy_order(file, stage);
    for (const auto& placed : file.commands_of(stage)) check_update(file, placed);
  }
}

}  // namespace dockerfile
