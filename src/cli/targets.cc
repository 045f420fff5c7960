// SPDX-License-Identifier: Apache-2.0
#include "cli/targets.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "cli/export.h"

namespace cli {
namespace {

struct StageTag {
  std::string name;
  std::string stage;
};

StageTag read_tag(const std::string& text, const std::string& default_stage) {
  // No image name has an equals sign.
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, default_stage};
  StageTag tag{text.substr(0, equals), text.substr(equals + 1)};
  if (tag.name.empty() || tag.stage.empty()) {
    base::Error error(base::Code::invalid_argument, base::format("invalid -t \"{}\"", text));
    error.set_hint("-t NAME names the image, -t NAME=STAGE the image of one stage");
    throw error;
  }
  return tag;
}

void refuse_shared_names(const std::vector<StageTag>& tags) {
  std::map<std::string, std::string> stage_of;
  for (const auto& tag : tags) {
    const auto [known, fresh] = stage_of.emplace(tag.name, tag.stage);
    if (fresh || known->second == tag.stage) continue;
    const auto called = [](const std::string& stage) { return stage.empty() ? "the last stage" : "stage " + stage; };
    base::fail(base::Code::invalid_argument, "-t {} is given to {} and to {}", tag.name, called(known->second),
               called(tag.stage));
  }
}

/// Only an image store keeps several results apart, by their names.
void refuse_single_outputs(const std::vector<TargetBuild>& builds, const BuildOptions& options) {
  const auto refuse = [&](const std::string& what, std::string hint) {
    base::Error error(base::Code::invalid_argument,
                      base::format("{} takes one result, but {} stages are built", what, builds.size()));
    error.set_hint(std::move(hint));
    throw error;
  };
  if (!options.iidfile.empty()) refuse("--iidfile", "use --metadata-file, which has an entry for each stage");
  for (const auto& spec : builds.front().outputs) {
    const bool named = spec.type == output::Type::image && spec.names.empty();
    if (named || spec.type == output::Type::cacheonly) continue;
    refuse(base::format("-o type={}", output::type_name(spec.type)),
           "keep the images with -t or --push alone, then write them with slipway save");
  }
}

}  // namespace

std::vector<TargetBuild> wanted_targets(const BuildOptions& options) {
  const std::string default_stage = options.targets.empty() ? "" : options.targets.back();
  std::vector<StageTag> tags;
  for (const auto& text : options.tags) tags.push_back(read_tag(text, default_stage));
  if (tags.empty()) tags.push_back({"", default_stage});
  refuse_shared_names(tags);
  std::vector<TargetBuild> builds;
  for (const auto& tag : tags) {
    auto at = std::find_if(builds.begin(), builds.end(), [&](const auto& build) { return build.stage == tag.stage; });
    if (at == builds.end()) {
      at = builds.insert(builds.end(), {tag.stage, options, {}});
      at->options.tags.clear();
    }
    if (!tag.name.empty()) at->options.tags.push_back(tag.name);
  }
  for (auto& build : builds) build.outputs = wanted_outputs(build.options);
  if (builds.size() > 1) refuse_single_outputs(builds, options);
  return builds;
}

}  // namespace cli
