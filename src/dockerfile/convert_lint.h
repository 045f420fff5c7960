// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lint: remarks on a Dockerfile, as they come up while it is parsed and converted.
//
//     Lint lint(LintConfig::parse("skip=StageNameCasing;error=true"), sink);
//     lint.report(rules::kLegacyKeyValueFormat, text, command.location);
//     lint.throw_if_violated();                       // with error=true
//
// A `# check=skip=RULE` comment above an instruction changes the rules for it: with_comments().
// Threads: one.
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/instructions.h"
#include "dockerfile/source_errors.h"

namespace dockerfile {

struct LintRule {
  std::string_view name;
  std::string_view description;
  std::string_view url;
  bool experimental = false;
};

/// All of BuildKit's rules, by name.
std::span<const LintRule> lint_rules();
/// A rule, by the name BuildKit gives them; throws for one that does not exist.
const LintRule& lint_rule(std::string_view name);

/// What `# check=` and BUILDKIT_DOCKERFILE_CHECK say.
struct LintConfig {
  bool skip_all = false;
  bool experimental_all = false;
  bool return_as_error = false;
  std::set<std::string, std::less<>> skip;
  std::set<std::string, std::less<>> experimental;

  /// "skip=A,B;experimental=all;error=true". Throws invalid_argument.
  static LintConfig parse(std::string_view text);
};

struct LintFinding {
  const LintRule* rule = nullptr;
  std::string message;
  Ranges location;
};
using LintSink = std::function<void(const LintFinding&)>;

class Lint final : public InstructionLint {
 public:
  /// Without a sink nothing is reported, nor held against the build.
  Lint(LintConfig config, LintSink sink);

  /// The same with what a `check=` among the comments adds.
  Lint with_comments(const std::vector<std::string>& comments) const;
  void report(std::string_view rule, const std::string& message, const Ranges& location) const;
  void found(std::string_view rule, const std::string& message, const Ranges& location,
             const std::vector<std::string>& comments) override;
  /// Whether `check=skip=` names the rule; for rules that are none of BuildKit's.
  bool skips(std::string_view rule) const { return config_.skip_all || config_.skip.contains(rule); }
  /// Throws "lint violation found for rules: …" if the config says so and there were any.
  void throw_if_violated() const;
  bool enabled() const { return static_cast<bool>(shared_->sink); }

 private:
  struct Shared {
    LintSink sink;
    std::set<std::string> violated;
  };

  LintConfig config_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace dockerfile
