// SPDX-License-Identifier: Apache-2.0
// PackageCacheInFinalImage: what package managers keep for the next time, in an image that has none.
#include <algorithm>

#include "base/strings.h"
#include "dockerfile/practice_file.h"

namespace dockerfile {
namespace {

using Manager = PackageCall::Manager;
using Action = PackageCall::Action;

/// One manager's cache and how to do without it.
struct Cache {
  Manager manager;
  std::string_view name;
  std::vector<std::string_view> paths;  ///< mounting one of them keeps it out, naming one in rm or find empties it
  std::string_view fix;
};

const std::vector<Cache>& caches() {
  static const std::vector<Cache> kCaches = {
      {Manager::apt,
       "apt's package lists",
       {"/var/lib/apt/lists", "/var/lib/apt"},
       "End the step with && rm -rf /var/lib/apt/lists/*, or mount "
       "--mount=type=cache,target=/var/lib/apt,sharing=locked"},
      {Manager::apk, "apk's index", {"/var/cache/apk", "/etc/apk/cache"}, "Use apk add --no-cache instead"},
      {Manager::dnf,
       "dnf's cache",
       {"/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache"},
       "End the step with && dnf clean all, or mount --mount=type=cache,target=/var/cache/dnf"},
      {Manager::zypper, "zypper's cache", {"/var/cache/zypp"}, "End the step with && zypper clean --all"},
      {Manager::pip,
       "pip's cache",
       {"/root/.cache/pip", "/root/.cache", "~/.cache"},
       "Use pip install --no-cache-dir, or mount --mount=type=cache,target=/root/.cache/pip"},
  };
  return kCaches;
}

/// Whether a call of the step leaves something in the cache.
bool fills(const PackageCall& call) {
  switch (call.manager) {
    case Manager::apt: return call.action == Action::update;
    case Manager::apk:
      // --no-cache also holds for the index; without an index on disk, add must be told to fetch one.
      if (call.has_flag("--no-cache")) return false;
      return call.action == Action::update || call.has_flag("-U") || call.has_flag("--update") ||
             call.has_flag("--update-cache");
    case Manager::dnf:
    case Manager::zypper: return call.action == Action::install || call.action == Action::upgrade;
    case Manager::pip:
      return call.action == Action::install && (!call.packages.empty() || call.from_file) &&
             // Wheels that are there already are not kept a second time.
             std::ranges::none_of(call.packages, [](const std::string& p) { return p.ends_with(".whl"); }) &&
             std::ranges::none_of(call.flags, [](const std::string& flag) { return flag.starts_with("--no-cache"); });
    case Manager::pacman: return false;
  }
  return false;
}

bool deletes(const ShellCall& call, const Cache& cache) {
  const auto program = call.program();
  if (program != "rm" && program != "find" && program != "mv") return false;
  return std::ranges::any_of(call.words, [&](const std::string& word) {
    // A directory above, a wildcard or a brace list may well hold it.
    if (word.find('{') != word.npos && word.starts_with("/var")) return true;
    return std::ranges::any_of(cache.paths, [&](std::string_view path) {
      auto stem = std::string_view(word);
      stem = stem.substr(0, stem.find('*'));
      while (stem.size() > 1 && stem.ends_with('/')) stem.remove_suffix(1);
      return (stem.size() > 1 && path.starts_with(stem)) || stem.starts_with(path) ||
             (path.starts_with("/root/") && stem.ends_with(path.substr(path.find('.') - 1)));
    });
  });
}

bool cleans(const PackageCall& call, Manager manager) {
  // apt-get clean empties the archives, not the lists; distclean both.
  if (call.manager != manager || call.action != Action::clean) return false;
  return manager != Manager::apt || call.is_distclean;
}

/// Whether the environment turns pip's cache off.
bool has_pip_switch(const PracticeFile& file) {
  return std::ranges::any_of(file.chain_commands(), [](const PlacedCommand& placed) {
    const auto& code = placed.base().code;
    return code.find("PIP_NO_CACHE_DIR") != code.npos || code.find("PIP_CACHE_DIR") != code.npos ||
           code.find("pip.conf") != code.npos || code.find("no-cache-dir") != code.npos;
  });
}

void check_run(const PracticeFile& file, const PlacedCommand& placed, const RunCommand& run, bool pip_off) {
  const auto packages = file.packages(placed);
  const auto& calls = file.calls(placed);
  for (const auto& cache : caches()) {
    if (cache.manager == Manager::pip && pip_off) continue;
    const bool filled = std::ranges::any_of(
        packages, [&](const PackageCall& call) { return call.manager == cache.manager && fills(call); });
    if (!filled) continue;
    const bool cleaned =
        std::ranges::any_of(packages, [&](const PackageCall& call) { return cleans(call, cache.manager); }) ||
        std::ranges::any_of(calls, [&](const ShellCall& call) { return deletes(call, cache); });
    const bool mounted =
        std::ranges::any_of(cache.paths, [&](std::string_view path) { return PracticeFile::is_mounted(run, path); });
    if (cleaned || mounted) continue;
    file.report("PackageCacheInFinalImage", base::format("This step leaves {} in the final image", cache.name),
                std::string(cache.fix), run);
  }
}

/// The last of several stages that starts nothing and ends with a RUN checks something; it is no image to keep.
bool is_check_stage(const PracticeFile& file) {
  const auto commands = file.chain_commands();
  if (file.stages().size() == 1 || commands.empty() || commands.back().as<RunCommand>() == nullptr) return false;
  return std::ranges::none_of(commands, [](const PlacedCommand& placed) {
    return placed.as<CmdCommand>() != nullptr || placed.as<EntrypointCommand>() != nullptr;
  });
}

}  // namespace

void check_package_caches(const PracticeFile& file) {
  if (is_check_stage(file)) return;
  const bool pip_off = has_pip_switch(file);
  for (const auto& placed : file.chain_commands()) {
    if (const auto* run = placed.as<RunCommand>()) check_run(file, placed, *run, pip_off);
  }
}

}  // namespace dockerfile
