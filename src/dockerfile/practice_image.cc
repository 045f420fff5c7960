// SPDX-License-Identifier: Apache-2.0
// What the final image is and carries: FinalStageRunsAsRoot, BuildToolsInFinalImage, SecretArgInHistory,
// ShellHistoryInFinalImage.
#include <algorithm>
#include <array>
#include <set>

#include "base/strings.h"
#include "dockerfile/practice_file.h"

namespace dockerfile {
namespace {

// ---- what it runs ------------------------------------------------------------------------------

/// The calls that ENTRYPOINT and CMD make together.
std::vector<ShellCall> start_calls(const PracticeFile& file) {
  const CommandLine* entrypoint = nullptr;
  const CommandLine* cmd = nullptr;
  for (const auto& placed : file.chain_commands()) {
    if (const auto* found = placed.as<EntrypointCommand>()) {
      entrypoint = &found->line;
      cmd = nullptr;  // as the conversion does
    }
    if (const auto* found = placed.as<CmdCommand>()) cmd = &found->line;
  }
  std::vector<ShellCall> calls;
  for (const auto* line : {entrypoint, cmd}) {
    if (line == nullptr || line->arguments.empty()) continue;
    if (line->prepend_shell) {
      auto more = shell_calls(line->arguments.front());
      calls.insert(calls.end(), more.begin(), more.end());
    } else {
      calls.push_back({line->arguments});
    }
  }
  return calls;
}

/// Programs that have to begin as root and give it up, or that are a whole system.
bool drops_root_itself(const std::vector<ShellCall>& calls) {
  static constexpr std::array<std::string_view, 23> kPrograms = {"litefs",
                                                                 "gosu",
                                                                 "su-exec",
                                                                 "setpriv",
                                                                 "runuser",
                                                                 "su",
                                                                 "sudo",
                                                                 "chroot",
                                                                 "s6-setuidgid",
                                                                 "init",
                                                                 "systemd",
                                                                 "s6-svscan",
                                                                 "supervisord",
                                                                 "sshd",
                                                                 "dockerd",
                                                                 "runsvdir",
                                                                 "dockerd-entrypoint.sh",
                                                                 "my_init",
                                                                 "start-stop-daemon",
                                                                 "nginx",
                                                                 "httpd",
                                                                 "apache2ctl",
                                                                 "apache2-foreground"};
  return std::ranges::any_of(calls, [](const ShellCall& call) {
    return std::ranges::any_of(
        call.words, [](const std::string& word) { return base::is_one_of(ShellCall{{word}}.program(), kPrograms); });
  });
}

/// Whether the chain shows work that only root can do, or a helper that gives root up: network and
/// kernel set-up, cron, nested container engines.
bool needs_root(const PracticeFile& file) {
  static constexpr std::array<std::string_view, 19> kSigns = {
      "gosu", "su-exec", "setpriv", "s6-overlay", "iptables", "nftables",   "ipset", "conntrack",   "binfmt", "fuse",
      "cron", "kmod",    "dind",    "wireguard",  "openvpn",  "keepalived", "bpf",   "/run/docker", "tcpdump"};
  const auto shows = [](std::string_view text) {
    return std::ranges::any_of(kSigns, [&](std::string_view sign) { return text.find(sign) != text.npos; });
  };
  if (shows(file.facts().bases[file.chain().front()])) return true;
  return std::ranges::any_of(file.chain_commands(), [&](const PlacedCommand& placed) {
    const bool makes = placed.as<RunCommand>() != nullptr || placed.as<CopyCommand>() != nullptr;
    return makes && shows(placed.base().code);
  });
}

bool is_root(std::string_view user) {
  user = user.substr(0, user.find(':'));
  return user.empty() || user == "root" || user.find_first_not_of('0') == user.npos;
}

// ---- build tools -------------------------------------------------------------------------------

/// Whether the image is there to build or to work in: its tools are then its purpose.
bool is_for_building(const std::vector<ShellCall>& calls) {
  static constexpr std::array<std::string_view, 26> kPrograms = {
      "sh",      "bash", "zsh", "ash", "fish", "make",  "cmake", "ninja", "go",   "cargo", "rustc",   "mvn", "gradle",
      "gradlew", "mvnw", "gcc", "g++", "cc",   "clang", "javac", "bazel", "tail", "sleep", "jupyter", "air", "nodemon"};
  return std::ranges::all_of(calls, [](const ShellCall& call) {
    if (call.program() == "dotnet" && call.words.size() > 1) {
      return !call.words[1].ends_with(".dll") && !call.words[1].ends_with(".exe");
    }
    return base::is_one_of(call.program(), kPrograms);
  });
}

/// A start script of a source tree, or one that is named for building.
bool starts_from_sources(const ShellCall& call) {
  const std::string_view word = call.words.front();
  for (const std::string_view directory : {"hack/", "scripts/", "script/", "ci/", "tools/", "./hack/", "./scripts/"}) {
    if (word.starts_with(directory)) return true;
  }
  const auto program = call.program();
  return program.find("build") != program.npos || program.find("test") != program.npos;
}

bool has_part(std::string_view name, std::initializer_list<std::string_view> parts) {
  for (const auto& part : base::split(base::replace_all(base::lower(name), "_", "-"), '-')) {
    if (std::ranges::find(parts, part) != parts.end()) return true;
  }
  return false;
}

/// Whether people work in the image, or programs in it compile while they run: its tools are then needed.
bool is_workbench(const PracticeFile& file) {
  for (const auto stage : file.chain()) {
    if (has_part(file.stages()[stage].name, {"dev", "devel", "development", "test", "tests", "debug", "ci"}))
      return true;
  }
  for (const auto& placed : file.chain_commands()) {
    const auto& code = placed.base().code;
    for (const std::string_view sign :
         {"openssh-server", "docker-cli", "docker-ce", "docker.io", "moby-engine", " docker", "/usr/local/go", "torch",
          "triton", "vllm", "cupy", "numba", "jupyter"}) {
      if (placed.as<RunCommand>() != nullptr || placed.as<CopyCommand>() != nullptr) {
        if (code.find(sign) != code.npos) return true;
      }
    }
  }
  return false;
}

/// Images whose purpose is building, by the last part of their name (and by tag).
bool is_build_image(std::string_view image) {
  static constexpr std::array<std::string_view, 10> kNames = {"golang",  "rust",  "gcc",   "maven", "gradle",
                                                              "haskell", "swift", "clang", "ghc",   "sbt"};
  const auto name_end = std::min(image.find('@'), image.size());
  auto rest = image.substr(0, name_end);
  const auto slash = rest.rfind('/');
  const auto colon = rest.find(':', slash == rest.npos ? 0 : slash);
  const auto tag = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
  auto name = rest.substr(0, colon);
  const auto last = slash == name.npos ? name : name.substr(slash + 1);
  if (slash == rest.npos || rest.starts_with("library/") || rest.starts_with("docker.io/library/")) {
    if (last == "swift" && tag.find("slim") != tag.npos) return false;
    if (base::is_one_of(last, kNames)) return true;
    const bool java = last == "openjdk" || last == "eclipse-temurin" || last == "ibm-semeru-runtimes";
    if (java && tag.find("jdk") != tag.npos) return true;
  }
  return name.ends_with("dotnet/sdk") || name.ends_with("dotnet/core/sdk");
}

/// The packages of an install that are build tools and are not taken away again by the same step.
std::vector<std::string> build_tools_left(const std::vector<PackageCall>& packages) {
  std::vector<std::string> tools;
  for (const auto& call : packages) {
    if (call.action != PackageCall::Action::install || call.manager == PackageCall::Manager::pip) continue;
    // A named group of packages is there to be removed by its name.
    if (call.manager == PackageCall::Manager::apk && (call.has_flag("-t") || call.has_flag("--virtual"))) {
      const bool removed = std::ranges::any_of(
          packages, [](const PackageCall& other) { return other.action == PackageCall::Action::remove; });
      if (removed) continue;
    }
    for (const auto& package : call.packages) {
      if (is_build_tool(package)) tools.push_back(package);
    }
  }
  const bool removes =
      std::ranges::any_of(packages, [](const PackageCall& call) { return call.action == PackageCall::Action::remove; });
  // What is removed is often computed ($buildDeps, apt-mark showauto): a step that removes at all is believed.
  return removes ? std::vector<std::string>{} : tools;
}

/// Servers whose images bring an entrypoint that starts them as a user of their own: a CMD alone keeps it.
bool is_started_by_base(const PracticeFile& file, const ShellCall& call) {
  static constexpr std::array<std::string_view, 9> kServers = {"mariadbd",  "mysqld",          "postgres",
                                                               "mongod",    "redis-server",    "valkey-server",
                                                               "memcached", "rabbitmq-server", "consul"};
  const auto commands = file.chain_commands();
  return base::is_one_of(call.program(), kServers) && std::ranges::none_of(commands, [](const PlacedCommand& placed) {
           return placed.as<EntrypointCommand>() != nullptr;
         });
}

/// Scripts at the start may well go on as another user, which only they know.
bool starts_script(const ShellCall& call) {
  const auto program = call.program();
  return program.ends_with(".sh") || program.find("entrypoint") != program.npos;
}

void check_user(const PracticeFile& file) {
  const auto& user = file.facts().user;
  if (!user || !is_root(*user)) return;
  const auto calls = start_calls(file);
  // Images that start nothing of their own are bases, toolboxes or bare files.
  if (calls.empty() || is_for_building(calls) || starts_from_sources(calls.front()) || drops_root_itself(calls) ||
      starts_script(calls.front()))
    return;
  if (needs_root(file) || is_started_by_base(file, calls.front())) return;
  const auto* last = static_cast<const UserCommand*>(nullptr);
  for (const auto& placed : file.chain_commands()) {
    if (const auto* found = placed.as<UserCommand>()) last = found;
  }
  const std::string fix =
      "Add a user (RUN useradd --system app) and switch to it with USER app before CMD or ENTRYPOINT";
  if (last != nullptr) {
    return file.report("FinalStageRunsAsRoot", base::format("The final image runs as root: USER {}", last->user), fix,
                       *last);
  }
  file.report("FinalStageRunsAsRoot", "The final image runs as root: neither it nor its base image sets a USER", fix,
              file.stages()[file.facts().target]);
}

void check_build_tools(const PracticeFile& file) {
  const auto calls = start_calls(file);
  if (calls.empty() || is_for_building(calls) || starts_from_sources(calls.front()) || is_workbench(file)) return;
  const auto first = file.chain().front();
  const auto& base = file.facts().bases[first];
  if (is_build_image(base)) {
    file.report("BuildToolsInFinalImage", base::format("The final image is based on {}, an image to build with", base),
                "Build in a stage of its own and copy the result into a runtime image: FROM <runtime image>, "
                "COPY --from=build …",
                file.stages()[first]);
  }
  for (const auto& placed : file.chain_commands()) {
    if (placed.as<RunCommand>() == nullptr) continue;
    const auto tools = build_tools_left(file.packages(placed));
    if (tools.empty()) continue;
    file.report(
        "BuildToolsInFinalImage",
        base::format("The final image carries what this step installs to build with: {}", base::join(tools, ", ")),
        "Install them in a build stage and COPY --from the result, or remove them within the same RUN", placed.base());
  }
}

// ---- secrets -----------------------------------------------------------------------------------

/// Whether a variable of that name is a secret. Parts of names decide, not substrings.
bool is_secret_name(const std::string& name) {
  static constexpr std::array<std::string_view, 14> kSecret = {
      "password", "passwd",     "passphrase",  "pword", "secret",    "secrets", "token",
      "apikey",   "credential", "credentials", "pat",   "passwords", "tokens",  "pwd"};
  static constexpr std::array<std::string_view, 9> kKeyOf = {"api",    "private", "access",  "secret",    "signing",
                                                             "deploy", "ssh",     "license", "encryption"};
  static constexpr std::array<std::string_view, 30> kHarmless = {
      "public",    "file",     "path",        "url",      "uri",     "version",  "id",       "name",
      "user",      "username", "host",        "server",   "type",    "method",   "mode",     "ttl",
      "length",    "dir",      "fingerprint", "keyring",  "enabled", "disabled", "endpoint", "arn",
      "algorithm", "expiry",   "ref",         "provider", "issuer",  "lifetime"};
  const auto parts = base::split(base::lower(name), '_');
  if (std::ranges::any_of(parts, [&](const std::string& part) { return base::is_one_of(part, kHarmless); }))
    return false;
  // Bundlers put these into what every visitor downloads.
  if (parts.front() == "vite" || name.starts_with("REACT_APP_") || name.starts_with("GATSBY_")) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (base::is_one_of(parts[i], kSecret)) return true;
    if (parts[i] == "auth" && i + 1 == parts.size()) return true;
    if (parts[i] == "key" && i > 0 && base::is_one_of(parts[i - 1], kKeyOf)) return true;
  }
  return false;
}

/// A key that the file itself gives to everybody is a public one: fingerprints of release keys.
bool is_published_key(const KeyOptionalValue& arg) {
  if (!arg.value || arg.value->size() < 16 || !base::lower(arg.key).ends_with("key")) return false;
  return arg.value->find_first_not_of("0123456789abcdefABCDEF \"'") == std::string::npos;
}

void check_secret_args(const PracticeFile& file) {
  for (const auto& placed : file.chain_commands()) {
    const auto* command = placed.as<ArgCommand>();
    if (command == nullptr) continue;
    for (const auto& arg : command->args) {
      if (!is_secret_name(arg.key) || is_published_key(arg)) continue;
      file.report("SecretArgInHistory",
                  base::format("The value of build argument {} stays readable in the final image's history", arg.key),
                  base::format("Give it as a secret: RUN --mount=type=secret,id={0},env={0} …, and build with "
                               "--secret id={0}",
                               arg.key),
                  *command);
    }
  }
}

// ---- shell history -----------------------------------------------------------------------------

bool is_history_file(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  const auto name = slash == path.npos ? path : path.substr(slash + 1);
  static constexpr std::array<std::string_view, 12> kNames = {
      ".bash_history", ".zsh_history",   ".ash_history",    ".sh_history",        ".history", ".python_history",
      ".psql_history", ".mysql_history", ".sqlite_history", ".node_repl_history", ".lesshst", ".rediscli_history"};
  return base::is_one_of(name, kNames);
}

void check_shell_history(const PracticeFile& file) {
  const auto check = [&](const CommandBase& command, const SourcesAndDest& sources) {
    for (const auto& path : sources.paths) {
      if (!is_history_file(path)) continue;
      file.report("ShellHistoryInFinalImage", base::format("{} goes into the final image", path),
                  base::format("Do not copy it; add **/{} to .dockerignore", path.substr(path.rfind('/') + 1)),
                  command);
    }
  };
  for (const auto& placed : file.chain_commands()) {
    if (const auto* copy = placed.as<CopyCommand>()) check(*copy, copy->sources);
    if (const auto* add = placed.as<AddCommand>()) check(*add, add->sources);
    if (placed.as<RunCommand>() == nullptr) continue;
    for (const auto& call : file.calls(placed)) {
      const bool writes = call.program() == "history" && (call.has_word("-w") || call.has_word("-a"));
      if (!writes) continue;
      file.report("ShellHistoryInFinalImage", "This step writes the shell's history into the final image",
                  "Leave history out of build steps", placed.base());
    }
  }
}

}  // namespace

void check_final_image(const PracticeFile& file) {
  check_user(file);
  check_build_tools(file);
  check_secret_args(file);
  check_shell_history(file);
}

}  // namespace dockerfile
