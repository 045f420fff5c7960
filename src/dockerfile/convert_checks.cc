// SPDX-License-Identifier: Apache-2.0
// What the conversion notices on its way: the lint rules that need to know more than one statement.
#include <algorithm>

#include "base/path.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/convert_scan.h"
#include "dockerfile/suggest.h"

namespace dockerfile {

namespace {

/// Whether one of `words` stands in `name` as a whole part between underscores.
bool has_part(const std::string& name, std::initializer_list<std::string_view> words) {
  const auto lower = base::lower(name);
  for (const auto& part : base::split(lower, '_')) {
    if (std::find(words.begin(), words.end(), part) != words.end()) return true;
  }
  return false;
}

/// Instruction names are plain letters: nothing has to be converted to see their case.
bool is_lower(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool is_upper(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

void check_unmatched(const CommandBase& command, const StageState& stage, const Environment& env,
                     std::set<std::string> unmatched, const Lint& lint) {
  if (!lint.enabled()) return;
  std::erase_if(unmatched, [&](const std::string& name) { return stage.build_args.contains(name); });
  if (unmatched.empty()) return;
  const auto options = env.names();
  for (const auto& name : unmatched) {
    if (is_scan_setting(name)) continue;
    auto text = "Usage of undefined variable '$" + name + "'";
    if (const auto match = suggest(name, options)) text += " (did you mean $" + *match + "?)";
    lint.report("UndefinedVar", text, command.location);
  }
}

void check_secret_name(std::string_view instruction, const std::string& name, const Ranges& where, const Lint& lint) {
  if (!lint.enabled()) return;
  const bool secret = has_part(
      name, {"apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"});
  if (!secret || has_part(name, {"public", "file", "version"})) return;
  lint.report(
      "SecretsUsedInArgOrEnv",
      base::format("Do not use ARG or ENV instructions for sensitive data ({} {})", instruction, base::quote(name)),
      where);
}

void check_once(const CommandBase& command, LastSeen& seen, const Lint& lint) {
  if (seen.set) {
    // The earlier one is reported: it is the one without effect.
    lint.report("MultipleInstructionsDisallowed",
                base::format("Multiple {} instructions should not be used in the same stage because only the last one "
                             "will be used",
                             command.name),
                seen.location);
  }
  seen = {command.location, true};
}

void check_json_form(const CommandBase& command, const CommandLine& line, const ImageConfig& image, const Lint& lint) {
  if (!line.prepend_shell || !image.shell.empty()) return;
  lint.report("JSONArgsRecommended",
              base::format("JSON arguments recommended for {} to prevent unintended behavior related to OS signals",
                           command.name),
              command.location);
}

void check_copy_source(const std::string& path, std::string_view verb, const Ranges& where,
                       const DispatchContext& context, const Lint& lint) {
  if (!lint.enabled() || context.ignore == nullptr || context.ignore->has_exclusions()) return;
  const auto source = base::clean_path(path);
  if (source == "." || source == "/") {
    const auto covers_all = [](const std::string& pattern) {
      return pattern == "*" || pattern == "**" || pattern == "**/*";
    };
    if (std::none_of(context.ignore_patterns.begin(), context.ignore_patterns.end(), covers_all)) return;
  }
  bool ignored = false;
  try {
    ignored = context.ignore->matches_or_parent_matches(source);
  } catch (const base::Error&) {
    return;  // a bad pattern is reported where the context is read
  }
  if (!ignored) return;
  lint.report("CopyIgnoredFile",
              base::format("Attempting to {} file {} that is excluded by .dockerignore", verb, base::quote(source)),
              where);
}

void check_stage_names(const std::vector<Stage>& stages, const Lint& lint) {
  std::set<std::string> seen;
  for (const auto& stage : stages) {
    if (stage.name.empty()) continue;
    if (stage.name == "context" || stage.name == "scratch") {
      lint.report("ReservedStageName",
                  "Stage name should not use the same name as reserved stage " + base::quote(stage.name),
                  stage.location);
    }
    if (!seen.insert(stage.name).second) {
      lint.report("DuplicateStageName",
                  "Duplicate stage name " + base::quote(stage.name) + ", stage names should be unique", stage.location);
    }
  }
}

void check_casing(const std::vector<Stage>& stages, const Lint& lint) {
  if (!lint.enabled()) return;
  std::vector<std::pair<const std::string*, const Ranges*>> names;
  for (const auto& stage : stages) {
    names.emplace_back(&stage.command, &stage.location);
    for (const auto& command : stage.commands) {
      names.emplace_back(&base_of(command).name, &base_of(command).location);
    }
  }
  int lower = 0;
  int upper = 0;
  for (const auto& [name, where] : names) {
    if (is_lower(*name)) {
      ++lower;
    } else if (is_upper(*name)) {
      ++upper;
    }
  }
  const bool mostly_lower = lower > upper;
  for (const auto& [name, where] : names) {
    if (mostly_lower ? is_lower(*name) : is_upper(*name)) continue;
    lint.report("ConsistentInstructionCasing",
                base::format("Command '{}' should match the case of the command majority ({})", *name,
                             mostly_lower ? "lowercase" : "uppercase"),
                *where);
  }
}

}  // namespace dockerfile
