// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_lint.h"

#include <algorithm>

#include "base/strings.h"
#include "dockerfile/directives.h"
#include "dockerfile/go_values.h"

namespace dockerfile {

namespace {

// Names, descriptions and addresses are part of the interface: tools show and filter by them.
constexpr LintRule kRules[] = {
    {"ConsistentInstructionCasing",
     "All commands within the Dockerfile should use the same casing (either upper or lower)",
     "https://docs.docker.com/go/dockerfile/rule/consistent-instruction-casing/"},
    {"CopyIgnoredFile", "Attempting to Copy file that is excluded by .dockerignore",
     "https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/"},
    {"DuplicateStageName", "Stage names should be unique",
     "https://docs.docker.com/go/dockerfile/rule/duplicate-stage-name/"},
    {"ExposeInvalidFormat",
     "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future "
     "release",
     "https://docs.docker.com/go/dockerfile/rule/expose-invalid-format/"},
    {"ExposeProtoCasing", "Protocol in EXPOSE instruction should be lowercase",
     "https://docs.docker.com/go/dockerfile/rule/expose-proto-casing/"},
    {"FromAsCasing", "The 'as' keyword should match the case of the 'from' keyword",
     "https://docs.docker.com/go/dockerfile/rule/from-as-casing/"},
    {"FromPlatformFlagConstDisallowed", "FROM --platform flag should not use a constant value",
     "https://docs.docker.com/go/dockerfile/rule/from-platform-flag-const-disallowed/"},
    {"InvalidBaseImagePlatform", "Base image platform does not match expected target platform", ""},
    {"InvalidDefaultArgInFrom", "Default value for global ARG results in an empty or invalid base image name",
     "https://docs.docker.com/go/dockerfile/rule/invalid-default-arg-in-from/"},
    {"InvalidDefinitionDescription",
     "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not "
     "intended to be a description comment, add an empty line or comment between the instruction and the comment.",
     "https://docs.docker.com/go/dockerfile/rule/invalid-definition-description/", true},
    {"JSONArgsRecommended",
     "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
     "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/"},
    {"LegacyKeyValueFormat", "Legacy key/value format with whitespace separator should not be used",
     "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/"},
    {"MaintainerDeprecated", "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
     "https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/"},
    {"MultipleInstructionsDisallowed", "Multiple instructions of the same type should not be used in the same stage",
     "https://docs.docker.com/go/dockerfile/rule/multiple-instructions-disallowed/"},
    {"NoEmptyContinuation", "Empty continuation lines will become errors in a future release",
     "https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/"},
    {"RedundantTargetPlatform",
     "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
     "https://docs.docker.com/go/dockerfile/rule/redundant-target-platform/"},
    {"ReservedStageName", "Reserved words should not be used as stage names",
     "https://docs.docker.com/go/dockerfile/rule/reserved-stage-name/"},
    {"SecretsUsedInArgOrEnv", "Sensitive data should not be used in the ARG or ENV commands",
     "https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/"},
    {"StageNameCasing", "Stage names should be lowercase",
     "https://docs.docker.com/go/dockerfile/rule/stage-name-casing/"},
    {"UndefinedArgInFrom", "FROM command must use declared ARGs",
     "https://docs.docker.com/go/dockerfile/rule/undefined-arg-in-from/"},
    {"UndefinedVar", "Variables should be defined before their use",
     "https://docs.docker.com/go/dockerfile/rule/undefined-var/"},
    {"WorkdirRelativePath",
     "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base "
     "image changes",
     "https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/"},
};

std::set<std::string, std::less<>> rule_names(std::string_view list) {
  std::set<std::string, std::less<>> names;
  for (const auto& name : base::split(list, ',')) names.emplace(base::trim(name));
  return names;
}

}  // namespace

std::span<const LintRule> lint_rules() { return kRules; }

const LintRule& lint_rule(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kRules), std::end(kRules), [&](const LintRule& r) { return r.name == name; });
  SLIP_CHECK(found != std::end(kRules));
  return *found;
}

LintConfig LintConfig::parse(std::string_view text) {
  LintConfig config;
  text = base::trim(text);
  if (text.empty()) return config;
  for (const auto& part : base::split_n(text, ';', 3)) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) base::fail(base::Code::invalid_argument, "invalid check option \"{}\"", part);
    const auto key = base::trim(std::string_view(part).substr(0, equals));
    const auto value = base::trim(std::string_view(part).substr(equals + 1));
    if (key == "skip") {
      config.skip_all = value == "all";
      if (!config.skip_all) config.skip = rule_names(value);
    } else if (key == "experimental") {
      config.experimental_all = value == "all";
      if (!config.experimental_all) config.experimental = rule_names(value);
    } else if (key == "error") {
      const auto truth = parse_bool(value);
      if (!truth) {
        base::fail(base::Code::invalid_argument,
                   "failed to parse check option \"{}\": strconv.ParseBool: parsing \"{}\": invalid syntax", part,
                   value);
      }
      config.return_as_error = *truth;
    } else {
      base::fail(base::Code::invalid_argument, "invalid check option \"{}\"", key);
    }
  }
  return config;
}

Lint::Lint(LintConfig config, LintSink sink)
    : config_(std::move(config)), shared_(std::make_shared<Shared>(Shared{std::move(sink), {}})) {}

Lint Lint::with_comments(const std::vector<std::string>& comments) const {
  for (const auto& comment : comments) {
    const auto directive = DirectiveReader("").read(comment);
    if (!directive || directive->name != "check") continue;
    Lint merged = *this;
    try {
      const auto added = LintConfig::parse(std::string_view(directive->value).substr(0, directive->value.find(' ')));
      merged.config_.skip_all |= added.skip_all;
      merged.config_.experimental_all |= added.experimental_all;
      merged.config_.skip.insert(added.skip.begin(), added.skip.end());
      merged.config_.experimental.insert(added.experimental.begin(), added.experimental.end());
    } catch (const base::Error&) {
      return *this;
    }
    return merged;
  }
  return *this;
}

void Lint::report(std::string_view name, const std::string& message, const Ranges& location) const {
  if (!enabled()) return;
  const auto& rule = lint_rule(name);
  if (rule.experimental) {
    if (!config_.experimental_all && !config_.experimental.contains(name)) return;
  } else if (config_.skip_all || config_.skip.contains(name)) {
    return;
  }
  shared_->violated.emplace(name);
  shared_->sink({&rule, message, location});
}

void Lint::found(std::string_view rule, const std::string& message, const Ranges& location,
                 const std::vector<std::string>& comments) {
  with_comments(comments).report(rule, message, location);
}

void Lint::throw_if_violated() const {
  if (!config_.return_as_error || shared_->violated.empty()) return;
  const std::vector<std::string> rules(shared_->violated.begin(), shared_->violated.end());
  base::fail(base::Code::failed_precondition, "lint violation found for rules: {}", base::join(rules, ", "));
}

}  // namespace dockerfile
