// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/check.h"

#include <algorithm>

#include "base/strings.h"
#include "dockerfile/context.h"
#include "dockerfile/convert.h"
#include "dockerfile/suggest.h"

namespace dockerfile {
namespace {

std::vector<std::string> known_names() {
  std::vector<std::string> names = {"all", "buildkit", "practice"};
  for (const auto& rule : lint_rules()) names.emplace_back(rule.name);
  for (const auto& rule : practice_rules()) names.emplace_back(rule.name);
  return names;
}

std::set<std::string, std::less<>> group(std::string_view name) {
  std::set<std::string, std::less<>> rules;
  if (name == "buildkit" || name == "all") {
    for (const auto& rule : lint_rules()) rules.emplace(rule.name);
  }
  if (name == "practice" || name == "all") {
    for (const auto& rule : practice_rules()) rules.emplace(rule.name);
  }
  if (rules.empty()) rules.emplace(name);
  return rules;
}

std::vector<std::string> read_names(std::string_view text) {
  const auto known = known_names();
  std::vector<std::string> names;
  for (const auto& part : base::split(text, ',')) {
    const std::string name(base::trim(part));
    if (name.empty()) continue;
    if (std::ranges::find(known, name) == known.end()) {
      base::fail(base::Code::invalid_argument, "{}", with_suggestion("there is no rule " + name, name, known));
    }
    names.push_back(name);
  }
  return names;
}

CheckFinding from_lint(const LintFinding& finding) {
  return {std::string(finding.rule->name),
          std::string(finding.rule->description),
          std::string(finding.rule->url),
          finding.message,
          "",
          finding.location};
}

CheckFinding from_practice(const PracticeFinding& finding) {
  return {std::string(finding.rule->name),
          std::string(finding.rule->description),
          "docs/checks/" + std::string(finding.rule->page),
          finding.message,
          finding.fix,
          finding.location};
}

}  // namespace

RuleChoice RuleChoice::parse(std::string_view rules, std::string_view skip) {
  RuleChoice choice;
  for (const auto& name : read_names(rules.empty() ? "buildkit" : rules)) choice.rules_.merge(group(name));
  for (const auto& name : read_names(skip)) {
    for (const auto& rule : group(name)) choice.rules_.erase(rule);
  }
  return choice;
}

bool RuleChoice::wants_buildkit() const {
  return std::ranges::any_of(lint_rules(), [&](const LintRule& rule) { return wants(rule.name); });
}

bool RuleChoice::wants_practice() const {
  return std::ranges::any_of(practice_rules(), [&](const PracticeRule& rule) { return wants(rule.name); });
}

CheckReport check(Gateway& gateway, const FrontendOpts& opts, const RuleChoice& rules, std::stop_token stop) {
  llb::Builder builder;
  FrontendOpts own = opts;
  ContextClient client(gateway, builder, own, std::move(stop));
  const auto source = client.read_dockerfile();
  CheckReport report;
  report.filename = source.map->filename;
  report.text = source.map->data;
  ConvertOptions options;
  options.client = &client;
  options.source = source.map;
  options.stages = ConvertOptions::Stages::all;
  if (!client.config().target_platforms.empty()) options.target_platform = client.config().target_platforms.front();
  const auto add = [&](CheckFinding finding) {
    if (rules.wants(finding.rule)) report.findings.push_back(std::move(finding));
  };
  if (rules.wants_buildkit()) options.lint = [&](const LintFinding& finding) { add(from_lint(finding)); };
  if (rules.wants_practice()) options.practice = [&](const PracticeFinding& finding) { add(from_practice(finding)); };
  try {
    convert(options);
  } catch (LocatedError& error) {
    error.set_source({report.filename, report.text, error.locations().front()});
    report.error = error;
  } catch (const base::Error& error) {
    report.error = error;
  }
  std::ranges::stable_sort(report.findings, {}, &CheckFinding::line);
  return report;
}

}  // namespace dockerfile
