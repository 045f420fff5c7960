// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/package_calls.h"

#include <algorithm>

#include "base/strings.h"

namespace dockerfile {
namespace {

using Manager = PackageCall::Manager;
using Action = PackageCall::Action;

struct KnownProgram {
  std::string_view name;
  Manager manager;
};
constexpr KnownProgram kPrograms[] = {
    {"apt-get", Manager::apt},   {"apt", Manager::apt},       {"aptitude", Manager::apt}, {"apk", Manager::apk},
    {"dnf", Manager::dnf},       {"yum", Manager::dnf},       {"microdnf", Manager::dnf}, {"tdnf", Manager::dnf},
    {"zypper", Manager::zypper}, {"pacman", Manager::pacman}, {"pip", Manager::pip},      {"pip3", Manager::pip},
};

struct Verb {
  std::string_view name;
  Action action;
};
constexpr Verb kVerbs[] = {
    {"update", Action::update},        {"makecache", Action::update},     {"refresh", Action::update},
    {"ref", Action::update},           {"install", Action::install},      {"add", Action::install},
    {"in", Action::install},           {"localinstall", Action::install}, {"groupinstall", Action::install},
    {"reinstall", Action::install},    {"build-dep", Action::install},    {"satisfy", Action::install},
    {"upgrade", Action::upgrade},      {"dist-upgrade", Action::upgrade}, {"full-upgrade", Action::upgrade},
    {"safe-upgrade", Action::upgrade}, {"remove", Action::remove},        {"purge", Action::remove},
    {"autoremove", Action::remove},    {"del", Action::remove},           {"erase", Action::remove},
    {"uninstall", Action::remove},     {"clean", Action::clean},          {"autoclean", Action::clean},
    {"distclean", Action::clean},      {"dist-clean", Action::clean},
};

/// Flags whose value is the next word.
bool takes_value(Manager manager, std::string_view flag) {
  switch (manager) {
    case Manager::apt: return flag == "-o" || flag == "-t" || flag == "-c" || flag == "--target-release";
    case Manager::apk:
      return flag == "-t" || flag == "--virtual" || flag == "-X" || flag == "--repository" || flag == "-p" ||
             flag == "--root" || flag == "--arch";
    case Manager::dnf: return flag == "-c" || flag == "--releasever" || flag == "--setopt" || flag == "--installroot";
    case Manager::pip:
      return flag == "-r" || flag == "--requirement" || flag == "-c" || flag == "--constraint" || flag == "-i" ||
             flag == "--index-url" || flag == "--extra-index-url" || flag == "-f" || flag == "--find-links" ||
             flag == "-t" || flag == "--target" || flag == "--prefix" || flag == "--root" || flag == "--timeout" ||
             flag == "--trusted-host" || flag == "-e" || flag == "--editable" || flag == "--cache-dir" ||
             flag == "--progress-bar" || flag == "--retries" || flag == "--platform" || flag == "--proxy";
    default: return false;
  }
}

Action action_of(Manager manager, std::string_view verb) {
  // What dnf calls update is apt's upgrade.
  if (manager == Manager::dnf && verb == "update") return Action::upgrade;
  for (const auto& known : kVerbs) {
    if (known.name == verb) return known.action;
  }
  return Action::other;
}

/// pacman has letters for verbs: -S install, -Sy with fresh lists, -Scc clean, -R remove.
void read_pacman(const ShellCall& call, PackageCall& to) {
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    const std::string_view word = call.words[i];
    if (!word.starts_with('-')) {
      to.packages.emplace_back(word);
      continue;
    }
    to.flags.emplace_back(word);
    if (word.starts_with("-S")) to.action = word.find('c') != word.npos ? Action::clean : Action::install;
    if (word.starts_with("-R")) to.action = Action::remove;
  }
}

bool is_path_or_computed(std::string_view word) {
  return word.find('/') != word.npos || word.find("$(") != word.npos || word.find('`') != word.npos;
}

/// Where the program's name stands: `python -m pip` is pip, too.
std::size_t program_at(const ShellCall& call) {
  const bool python = call.program().starts_with("python") && call.words.size() > 2 && call.words[1] == "-m";
  return python ? 2 : 0;
}

bool any_operand(const ShellCall& call, std::size_t from) {
  return std::any_of(call.words.begin() + static_cast<std::ptrdiff_t>(std::min(from, call.words.size())),
                     call.words.end(), [](const std::string& word) { return !word.starts_with('-'); });
}

std::string_view word_at(const ShellCall& call, std::size_t index) {
  return index < call.words.size() ? std::string_view(call.words[index]) : std::string_view();
}

}  // namespace

bool PackageCall::has_flag(std::string_view flag) const {
  return std::ranges::any_of(flags, [&](const std::string& f) {
    return f == flag || (f.starts_with(flag) && f.size() > flag.size() && f[flag.size()] == '=');
  });
}

std::string_view PackageCall::name_of(std::string_view package) {
  return package.substr(0, package.find_first_of("=<>~:@"));
}

std::optional<PackageCall> package_call(const ShellCall& call) {
  const auto at = program_at(call);
  const std::string_view name = at == 0 ? call.program() : std::string_view(call.words[at]);
  const auto* program = std::ranges::find(kPrograms, name, &KnownProgram::name);
  const bool versioned_pip = name.starts_with("pip3.") || name.starts_with("pip2");
  if (program == std::end(kPrograms) && !versioned_pip) return std::nullopt;
  PackageCall found;
  found.manager = versioned_pip ? Manager::pip : program->manager;
  if (found.manager == Manager::pacman) {
    read_pacman(call, found);
    return found;
  }
  bool verb_seen = false;
  for (std::size_t i = at + 1; i < call.words.size(); ++i) {
    const std::string_view word = call.words[i];
    if (word.starts_with('-')) {
      found.flags.emplace_back(word);
      if (takes_value(found.manager, word) && i + 1 < call.words.size()) ++i;
    } else if (!verb_seen) {
      verb_seen = true;
      found.action = action_of(found.manager, word);
      found.is_distclean = word == "distclean" || word == "dist-clean";
      // "dnf group install", "dnf module install"
      if (found.manager == Manager::dnf && (word == "group" || word == "module")) verb_seen = false;
    } else {
      found.packages.emplace_back(word);
    }
  }
  found.from_file = call.reads_input || std::ranges::any_of(found.packages, is_path_or_computed) ||
                    found.has_flag("-r") || found.has_flag("--requirement");
  return found;
}

bool is_build_tool(std::string_view package) {
  static constexpr std::string_view kNames[] = {
      "build-essential", "build-base",  "base-devel",
      "alpine-sdk",      "gcc",         "g++",
      "gcc-c++",         "clang",       "golang",
      "golang-go",       "go",          "rust",
      "rustc",           "cargo",       "ghc",
      "default-jdk",     "gfortran",    "make",
      "cmake",           "ninja-build", "autoconf",
      "automake",        "maven",       "gradle",
      "bazel",           "meson",       "default-jdk-headless",
      "gcc-gfortran",    "nasm",
  };
  const auto name = PackageCall::name_of(package);
  if (std::ranges::find(kNames, name) != std::end(kNames)) return true;
  // gcc-12, g++-12, clang-19, golang-1.22
  for (const std::string_view versioned : {"gcc-", "g++-", "clang-", "golang-"}) {
    if (!name.starts_with(versioned)) continue;
    const auto rest = name.substr(versioned.size());
    if (!rest.empty() && rest.find_first_not_of("0123456789.") == rest.npos) return true;
  }
  const bool jdk = name.starts_with("openjdk") && (name.ends_with("-jdk") || name.ends_with("-jdk-headless"));
  return jdk || (name.starts_with("java-") && name.ends_with("-openjdk-devel"));
}

std::optional<ManifestInstall> manifest_install(const ShellCall& call) {
  const auto program = call.program();
  const auto verb = word_at(call, 1);
  const bool bare = !any_operand(call, 2);
  if (program == "npm" && (verb == "ci" || ((verb == "install" || verb == "i") && bare && !call.has_word("-g") &&
                                            !call.has_word("--global")))) {
    return ManifestInstall{"npm", "package.json package-lock.json"};
  }
  if (program == "yarn" && (call.words.size() == 1 || (verb.starts_with("--") && verb != "--version" && bare) ||
                            (verb == "install" && bare))) {
    return ManifestInstall{"yarn", "package.json yarn.lock"};
  }
  if (program == "pnpm" && (verb == "install" || verb == "i") && bare) {
    return ManifestInstall{"pnpm", "package.json pnpm-lock.yaml"};
  }
  if (program == "bundle" && verb == "install") return ManifestInstall{"bundler", "Gemfile Gemfile.lock"};
  if (program == "composer" && verb == "install") return ManifestInstall{"composer", "composer.json composer.lock"};
  if (program == "go" && verb == "mod" && word_at(call, 2) == "download") {
    return ManifestInstall{"go", "go.mod go.sum"};
  }
  if (program == "cargo" && verb == "fetch") return ManifestInstall{"cargo", "Cargo.toml Cargo.lock"};
  if (const auto pip = package_call(call); pip && pip->manager == Manager::pip && pip->action == Action::install &&
                                           pip->packages.empty() && !pip->has_flag("-e") &&
                                           (pip->has_flag("-r") || pip->has_flag("--requirement"))) {
    return ManifestInstall{"pip", "requirements.txt"};
  }
  return std::nullopt;
}

}  // namespace dockerfile
