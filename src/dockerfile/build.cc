// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/build.h"

#include "base/json.h"
#include "base/strings.h"
#include "dockerfile/context.h"
#include "dockerfile/convert.h"
#include "dockerfile/directives.h"
#include "dockerfile/subrequests.h"
#include "llb/image_reference.h"

namespace dockerfile {

namespace {

constexpr std::string_view kConfigKey = "containerimage.config";
constexpr std::string_view kBaseConfigKey = "containerimage.base.config";
constexpr std::string_view kEpochKey = "source.date.epoch";

/// Capabilities an outer frontend may demand of this one. True: pass the build on instead.
bool must_forward(const FrontendOpts& opts, std::optional<base::Error>& refusal) {
  static const std::set<std::string, std::less<>> kKnown = {
      "moby.buildkit.frontend.inputs", "moby.buildkit.frontend.subrequests", "moby.buildkit.frontend.contexts",
      "moby.buildkit.frontend.gitquerystring"};
  const auto found = opts.find("frontend.caps");
  if (found == opts.end() || found->second.empty()) return false;
  bool forward = false;
  for (const auto& wanted : base::split(found->second, ',')) {
    const auto name = wanted.substr(0, wanted.find('+'));
    if (kKnown.contains(name)) continue;
    refusal = base::Error(base::Code::unimplemented, "unsupported frontend capability " + name);
    if (wanted.find("+forward") == std::string::npos) throw *refusal;
    forward = true;
  }
  return forward;
}

class Frontend {
 public:
  Frontend(Gateway& gateway, const FrontendOpts& opts, std::stop_token stop)
      : gateway_(gateway), opts_(opts), stop_(std::move(stop)) {}

  BuildResult build() {
    std::optional<base::Error> refusal;
    must_forward(opts_, refusal);
    ContextClient client(gateway_, builder_, opts_, stop_);
    const auto source = client.read_dockerfile();
    if (auto forwarded = forward(client, source)) return std::move(*forwarded);
    if (refusal) throw *refusal;
    try {
      if (const auto request = opts_.find("requestid"); request != opts_.end()) {
        BuildResult result;
        result.metadata = answer_subrequest(request->second, client, source,
                                            [&](const LintFinding& finding) { warn(finding, source); });
        return result;
      }
      return convert_all(client, source);
    } catch (LocatedError& error) {
      error.set_source({source.map->filename, source.map->data, error.locations().front()});
      throw;
    }
  }

 private:
  // ---- other frontends -----------------------------------------------------------------------

  /// Whether a `# syntax=` image is what this program is itself.
  static bool is_own(const ContextClient& client, const std::string& reference) {
    try {
      return client.build_opts().own_frontends.contains(llb::ImageReference::parse(reference).familiar_name());
    } catch (const base::Error&) {
      return false;
    }
  }

  std::optional<BuildResult> forward(const ContextClient& client, const DockerfileSource& source) {
    if (opts_.contains("cmdline")) return std::nullopt;
    if (const auto given = opts_.find("build-arg:BUILDKIT_SYNTAX"); given != opts_.end()) {
      const auto line = std::string(base::trim(given->second));
      const auto reference = line.substr(0, line.find(' '));
      if (is_own(client, reference)) return std::nullopt;
      const auto value = given->second;
      return base::with_context([&] { return solve_with(reference, value); },
                                "failed with build-arg:BUILDKIT_SYNTAX = {}", value);
    }
    const auto syntax = detect_syntax(source.text());
    if (!syntax || is_own(client, syntax->first_word)) return std::nullopt;
    try {
      return solve_with(syntax->first_word, syntax->value);
    } catch (base::Error& error) {
      if (!error.source()) error.set_source({source.map->filename, source.map->data, syntax->location});
      throw;
    }
  }

  BuildResult solve_with(const std::string& reference, const std::string& line) {
    SolveOptions options;
    options.frontend = "gateway.v0";
    options.frontend_opts = opts_;
    options.frontend_opts["cmdline"] = line;
    options.frontend_opts["source"] = reference;
    options.frontend_inputs = gateway_.inputs();
    BuildResult result;
    result.forwarded = gateway_.solve({}, options, stop_);
    return result;
  }

  // ---- platforms -----------------------------------------------------------------------------

  BuildResult convert_all(ContextClient& client, const DockerfileSource& source) {
    std::vector<std::optional<llb::Platform>> targets(client.config().target_platforms.begin(),
                                                      client.config().target_platforms.end());
    if (targets.empty()) targets.emplace_back();
    BuildResult result;
    auto platforms = base::Json::array();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      ConvertOptions options;
      options.client = &client;
      options.source = source.map;
      options.target_platform = targets[i];
      // One platform's remarks are the others', too.
      if (i == 0) options.lint = [&](const LintFinding& finding) { warn(finding, source); };
      add_image(convert(options), targets[i], client.config(), platforms, result);
    }
    result.metadata["refs.platforms"] = base::Json::object().set("Platforms", std::move(platforms)).dump();
    return result;
  }

  void warn(const LintFinding& finding, const DockerfileSource& source) {
    Warning warning;
    warning.vertex = source.head;
    warning.message = base::format("{}: {}", finding.rule->name, finding.message);
    if (!finding.location.empty() && finding.location.front().start.line > 0) {
      warning.message += base::format(" (line {})", finding.location.front().start.line);
    }
    warning.detail = {std::string(finding.rule->description)};
    warning.url = finding.rule->url;
    warning.source = std::make_shared<llb::SourceInfo>(
        llb::SourceInfo{source.map->filename, source.map->data, source.map->definition, source.map->language});
    warning.ranges = finding.location;
    gateway_.warn(warning);
  }

  static base::Json platform_json(const llb::Platform& platform) {
    auto json = base::Json::object();
    json.set("architecture", platform.architecture).set("os", platform.os);
    json.set_nonempty("os.version", platform.os_version);
    json.set_nonempty("os.features", base::Json::strings(platform.os_features));
    json.set_nonempty("variant", platform.variant);
    return json;
  }

  /// As exporters name it: Windows images keep the version of the system they are based on.
  static llb::Platform export_platform(llb::Platform platform, const llb::Platform& image) {
    if (platform.os != "windows" || image.os != platform.os) return platform;
    if (platform.os_version.empty()) platform.os_version = image.os_version;
    if (platform.os_features.empty()) platform.os_features = image.os_features;
    return llb::normalize(platform);
  }

  static void add_image(const ConvertResult& converted, const std::optional<llb::Platform>& target,
                        const FrontendConfig& config, base::Json& platforms, BuildResult& result) {
    PlatformImage image;
    const auto platform = llb::normalize(target.value_or(llb::host_platform()));
    const auto id = llb::format_platform_all(platform);
    image.platform = export_platform(platform, converted.image.platform);
    image.definition = base::with_context([&] { return converted.state.marshal(converted.marshal); },
                                          "failed to marshal LLB definition");
    image.config = converted.image.json();
    if (converted.base_image) image.base_config = converted.base_image->json();
    for (const auto& [name, tree] : converted.scan_trees) {
      image.scan_trees.push_back({name, tree.state.marshal(converted.marshal), tree.is_context, tree.is_wanted});
    }
    image.scan_ignores_cache = converted.ignore_cache;
    if (config.multi_platform) image.id = id;
    const auto suffix = config.multi_platform ? "/" + id : "";
    result.metadata[std::string(kConfigKey) + suffix] = image.config;
    if (!image.base_config.empty()) result.metadata[std::string(kBaseConfigKey) + suffix] = image.base_config;
    if (converted.epoch) {
      result.source_date_epoch = converted.epoch->seconds;
      result.metadata[std::string(kEpochKey) + suffix] = std::to_string(converted.epoch->seconds);
    }
    platforms.push(base::Json::object().set("ID", id).set("Platform", platform_json(image.platform)));
    result.images.push_back(std::move(image));
  }

  Gateway& gateway_;
  FrontendOpts opts_;
  std::stop_token stop_;
  llb::Builder builder_;
};

}  // namespace

BuildResult build(Gateway& gateway, const FrontendOpts& opts, std::stop_token stop) {
  return Frontend(gateway, opts, std::move(stop)).build();
}

}  // namespace dockerfile
