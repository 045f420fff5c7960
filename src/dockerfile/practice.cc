// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/practice.h"

#include <algorithm>

#include "base/error.h"
#include "dockerfile/practice_file.h"
#include "dockerfile/shell_words.h"

namespace dockerfile {
namespace {

// The names are part of the interface: people choose and skip rules by them.
constexpr PracticeRule kRules[] = {
    {"BaseImageLatestTag", "Base images should be named by a version, not by latest or by no tag at all",
     "base-image-latest-tag.md"},
    {"BaseImageNotPinned", "Base images should be pinned by digest, so that the same file builds the same image",
     "base-image-not-pinned.md"},
    {"BuildToolsInFinalImage", "Compilers and build tools should stay behind in a build stage",
     "build-tools-in-final-image.md"},
    {"ChainedStage", "A step that needs nothing of another stage should not have to wait for it", "chained-stage.md"},
    {"CopyBeforeDependencies", "Dependencies should be installed before the sources are copied",
     "copy-before-dependencies.md"},
    {"FinalStageRunsAsRoot", "The final image should run as a user other than root", "final-stage-runs-as-root.md"},
    {"PackageCacheInFinalImage", "The final image should not carry the caches of package managers",
     "package-cache-in-final-image.md"},
    {"SecretArgInHistory", "Secrets given as build arguments stay readable in the image's history",
     "secret-arg-in-history.md"},
    {"ShellHistoryInFinalImage", "The final image should not carry the history files of shells and clients",
     "shell-history-in-final-image.md"},
    {"UnusedStage", "Stages that no other stage uses are never built", "unused-stage.md"},
    {"UpdateWithoutInstall", "apt-get update belongs into the same step as the install that needs it",
     "update-without-install.md"},
};

int line_of(const PracticeFinding& finding) {
  return finding.location.empty() ? 0 : finding.location.front().start.line;
}

}  // namespace

std::span<const PracticeRule> practice_rules() { return kRules; }

const PracticeRule* practice_rule(std::string_view name) {
  const auto* found = std::ranges::find(kRules, name, &PracticeRule::name);
  return found == std::end(kRules) ? nullptr : found;
}

PracticeFacts facts_of_text(const Program& program) {
  PracticeFacts facts;
  facts.target = program.stages.size() - 1;
  const ShellWords words;
  std::vector<std::string> defaults;
  const auto expanded = [&](const std::string& text) {
    try {
      return words.expand(text, EnvironmentList(defaults)).text;
    } catch (const base::Error&) {
      return std::string();
    }
  };
  for (const auto& command : program.meta_args) {
    for (const auto& arg : command.args) {
      if (arg.value) defaults.push_back(arg.key + "=" + expanded(*arg.value));
    }
  }
  facts.resolved.resize(program.stages.size());
  for (const auto& stage : program.stages) facts.bases.push_back(expanded(stage.base_name));
  const PracticeFile file(program, facts);
  // Some images say in their names that they have a user, or that users are another matter there.
  const auto& base = facts.bases[file.chain().front()];
  const auto named = [&](std::string_view part) { return base.find(part) != base.npos; };
  if (!named("nonroot") && !named("unprivileged") && !named("rootless") && !named("windows") && !named("nanoserver")) {
    facts.user = "";
  }
  for (const auto& placed : file.chain_commands()) {
    if (const auto* user = placed.as<UserCommand>()) facts.user = user->user;
  }
  return facts;
}

void check_practice(const Program& program, const PracticeFacts& facts, const PracticeSink& report) {
  PracticeFile file(program, facts);
  check_base_images(file);
  check_final_image(file);
  check_package_caches(file);
  check_step_order(file);
  check_stage_structure(file);
  auto findings = file.take();
  std::ranges::stable_sort(findings, {}, line_of);
  for (const auto& finding : findings) report(finding);
}

}  // namespace dockerfile
