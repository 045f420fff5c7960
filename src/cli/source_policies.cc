// SPDX-License-Identifier: Apache-2.0
#include "cli/source_policies.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"

namespace cli {
namespace {

constexpr std::size_t kMaxPolicy = 16U << 20;
constexpr std::string_view kWorkingDirectory = "cwd://";

std::optional<std::string> read_below(const std::string& directory, std::string_view path) {
  const base::Fd root = base::open_directory(directory);
  const auto file = base::open_in_root_if_exists(root.get(), path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::nullopt;
  return base::read_all(file->get(), kMaxPolicy);
}

/// One policy before its files are read.
struct Wanted {
  std::vector<std::string> files;
  bool is_own = false;  ///< the Dockerfile's
  std::string log_level;
};

/// As docker buildx puts them together.
std::vector<Wanted> wanted_policies(const BuildOptions& options) {
  std::vector<Wanted> wanted{{{}, true, ""}};
  std::string log_level;
  for (const auto& choice : options.policies) {
    if (choice.disabled) return {};
    if (choice.reset) wanted.clear();
    if (!choice.files.empty()) {
      wanted.push_back({choice.files, false, choice.log_level.empty() ? log_level : choice.log_level});
    } else if (!choice.log_level.empty()) {
      (wanted.empty() ? log_level : wanted.back().log_level) = choice.log_level;
    }
  }
  return wanted;
}

attest::RegoEnvironment environment_of(const BuildOptions& options, const BuildContexts& contexts) {
  attest::RegoEnvironment environment;
  for (const auto& text : options.build_args) {
    const auto pair = base::cut(text, "=");
    if (pair) {
      environment.args.insert_or_assign(std::string(pair->first), std::string(pair->second));
    } else if (const char* value = std::getenv(text.c_str())) {
      environment.args.insert_or_assign(text, value);
    }
  }
  for (const auto& text : options.labels) {
    const auto pair = base::cut(text, "=").value_or(std::pair<std::string_view, std::string_view>{text, ""});
    environment.labels.insert_or_assign(std::string(pair.first), std::string(pair.second));
  }
  const auto& frontend = contexts.frontend_options();
  const auto named = frontend.find("filename");
  environment.filename = named == frontend.end() ? "Dockerfile" : base::base_name(named->second);
  if (options.targets.size() == 1) environment.target = options.targets[0];
  return environment;
}

/// What BUILDX_DEFAULT_POLICY asks for. buildx's own policy wants images of its makers to be signed by their builder;
/// as that cannot be verified here, only a digest lets them pass.
constexpr std::string_view kDefaultPolicy = R"rego(package docker

of_the_makers := {
	"docker.io/docker/dockerfile", "docker.io/docker/dockerfile-upstream",
	"docker.io/docker/buildkit-syft-scanner", "docker.io/moby/buildkit",
}

unverified contains input.image.ref if {
	input.image.fullRepo in of_the_makers
	not input.image.isCanonical
}

decision := {
	"allow": count(unverified) == 0,
	"deny_msg": [sprintf("%s needs a signature that cannot be verified here, or a digest", [ref]) | some ref in unverified],
}
)rego";

bool wants_default_policy(const BuildOptions& options) {
  const bool disabled = !options.policies.empty() && options.policies.back().disabled;
  const char* value = std::getenv("BUILDX_DEFAULT_POLICY");
  constexpr std::string_view kYes[] = {"1", "t", "T", "true", "TRUE", "True"};
  return !disabled && value != nullptr && base::is_one_of(value, kYes);
}

/// The policy beside the Dockerfile, with its name; nothing when there is none.
std::optional<rego::ModuleText> own_module(const RegoSetting& setting) {
  if (setting.is_remote) {
    const std::string path = (setting.options.file.empty() ? "Dockerfile" : setting.options.file) + ".rego";
    auto text = setting.options.file == "-" ? std::nullopt : setting.files.read(path);
    return text ? std::optional(rego::ModuleText{path, std::move(*text)}) : std::nullopt;
  }
  const auto dockerfile = dockerfile_path(setting.options, setting.contexts);
  auto text = dockerfile ? base::read_file_if_exists(*dockerfile + ".rego", kMaxPolicy) : std::nullopt;
  if (!text) return std::nullopt;
  return rego::ModuleText{std::string(base::base_name(*dockerfile)) + ".rego", std::move(*text)};
}

std::vector<rego::ModuleText> modules_of(const Wanted& wanted, const RegoSetting& setting) {
  std::vector<rego::ModuleText> modules;
  if (wanted.is_own) {
    if (auto module = own_module(setting)) modules.push_back(std::move(*module));
    return modules;
  }
  for (const auto& file : wanted.files) {
    auto text = setting.files.read(file);
    if (!text) {
      base::Error error(base::Code::not_found, base::format("policy {} is not in the context", file));
      error.set_hint("cwd://FILE names a file of the working directory");
      throw error;
    }
    modules.push_back({file, std::move(*text)});
  }
  return modules;
}

attest::RegoPolicy::Log log_at(const std::string& level, const std::string& policy, const RegoSetting& setting) {
  using Level = attest::RegoPolicy::Level;
  const bool debug = level == "debug" || level == "trace";
  if (!setting.log || (!debug && !level.empty() && level != "info")) return {};
  return [debug, policy, log = setting.log](Level at, const std::string& line) {
    if (debug || at == Level::info) log(policy, line);
  };
}

}  // namespace

attest::SourcePolicies source_rules(const BuildOptions& options) {
  std::vector<std::string> paths = options.source_policies;
  if (const char* path = std::getenv("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"); path && *path) paths.emplace_back(path);
  attest::SourcePolicies policies;
  for (const auto& path : paths) policies.add(base::read_file(path, kMaxPolicy), base::base_name(path));
  return policies;
}

PolicyFiles PolicyFiles::local(std::string directory) {
  PolicyFiles files;
  files.directory_ = std::move(directory);
  return files;
}

PolicyFiles PolicyFiles::remote(std::shared_ptr<dockerfile::Ref> context) {
  PolicyFiles files;
  files.context_ = std::move(context);
  return files;
}

std::optional<std::string> PolicyFiles::read(const std::string& path) const {
  std::string name = path;
  if (name.starts_with(kWorkingDirectory)) return read_below(".", name.substr(kWorkingDirectory.size()));
  if (context_) {
    try {
      return context_->read_file(base::clean_path("/" + name), {});
    } catch (const base::Error& error) {
      if (error.code() == base::Code::not_found) return std::nullopt;
      throw;
    }
  }
  if (directory_.empty()) return std::nullopt;
  if (name.starts_with(directory_ + "/")) name.erase(0, directory_.size());
  return read_below(directory_, name);
}

std::vector<std::shared_ptr<const attest::RegoPolicy>> rego_policies(const RegoSetting& setting) {
  std::vector<std::shared_ptr<const attest::RegoPolicy>> policies;
  if (wants_default_policy(setting.options)) {
    const std::string name = "BUILDX_DEFAULT_POLICY";
    policies.push_back(std::make_shared<attest::RegoPolicy>(
        name, std::vector<rego::ModuleText>{{name, std::string(kDefaultPolicy)}},
        [](const std::string&) { return std::nullopt; }, environment_of(setting.options, setting.contexts)));
  }
  for (const auto& wanted : wanted_policies(setting.options)) {
    auto modules = modules_of(wanted, setting);
    if (modules.empty()) continue;
    std::vector<std::string> names;
    for (const auto& module : modules) names.push_back(module.name);
    const std::string name = base::join(names, ", ");
    auto policy = std::make_shared<attest::RegoPolicy>(
        name, std::move(modules), [files = setting.files](const std::string& path) { return files.read(path); },
        environment_of(setting.options, setting.contexts));
    policy->set_log(log_at(wanted.log_level, name, setting));
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace cli
