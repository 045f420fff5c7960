// SPDX-License-Identifier: Apache-2.0
// slipway shell: a past build's command line is read again, and one of its steps entered.
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "cli/build_session.h"
#include "cli/commands.h"
#include "cli/enter.h"
#include "cli/interrupt.h"
#include "cli/targets.h"
#include "progress/display.h"
#include "progress/error_report.h"

namespace cli {
namespace {

[[noreturn]] void refuse(base::Code code, std::string text, std::string hint) {
  base::Error error(code, std::move(text));
  error.set_hint(std::move(hint));
  throw error;
}

/// The step that is meant: the one that failed, or the only one of that name or line.
base::Json meant_step(const base::Json& build, const std::string& wanted) {
  std::vector<base::Json> found;
  for (const auto& step : build["steps"].items()) {
    if (!step.contains("vertex")) continue;
    const bool meant = wanted.empty() ? step["outcome"].string_or("") == "failed" : is_meant(step, wanted);
    if (meant) found.push_back(step);
  }
  const std::string id = build["id"].string_or("");
  if (found.empty() && wanted.empty()) {
    refuse(base::Code::not_found, base::format("no step of build {} failed", id),
           "name the step to enter: a part of its title, or its line");
  }
  if (found.empty()) {
    refuse(base::Code::not_found, base::format("no step of build {} is called \"{}\"", id, wanted),
           "give a part of its title or its line; 'slipway why --json' lists them");
  }
  if (found.size() > 1) {
    std::string names;
    for (const auto& step : found) names += "\n  " + place_of(step) + "  " + step["name"].string_or("");
    refuse(base::Code::invalid_argument, base::format("\"{}\" may be any of these steps:{}", wanted, names),
           "give more of its title, or its line");
  }
  return found.front();
}

/// The options of a past build, in the directory it was started in.
BuildOptions options_of(const base::Json& build) {
  if (build["arguments"].items().empty()) {
    refuse(
        base::Code::failed_precondition,
        base::format("the command line of build {} is not known: it was not kept, as a secret's value was part of it",
                     build["id"].string_or("")),
        "enter the step at once with 'slipway build --on-failure=shell'");
  }
  const auto invocation = parse_command_line(build["arguments"].string_items());
  const auto* options = std::get_if<BuildOptions>(&invocation.command);
  if (!options) {
    refuse(base::Code::failed_precondition,
           base::format("build {} was made by another version of slipway", build["id"].string_or("")), "build again");
  }
  if (options->context == "-" || options->file == "-") {
    refuse(base::Code::failed_precondition,
           base::format("build {} read its Dockerfile from standard input", build["id"].string_or("")),
           "give the Dockerfile as a file; or enter the step at once with 'slipway build --on-failure=shell'");
  }
  const std::string directory = build["directory"].string_or("");
  if (::chdir(directory.c_str()) != 0) base::fail_errno(errno, base::format("go to {}, where it was built", directory));
  return *options;
}

/// Stands in the step; what the shell ended with. `given` gets the outcome when the build is to go on from there.
int stand_in_step(const std::string& root, const BuildOptions& options, const base::Digest& vertex,
                  const ShellOptions& shell, GivenOutcomes& given) {
  const Interrupt interrupt;
  const auto display = progress::start_display({});
  try {
    BuildSession session(root, options, *display);
    std::vector<dockerfile::PlatformImage> images;
    for (const auto& target : wanted_targets(options)) {
      const auto plan = session.plan(target.stage, interrupt.token());
      images.insert(images.end(), plan.images.begin(), plan.images.end());
    }
    const auto at = shell.at == "start" ? BuildSession::At::start : BuildSession::At::end;
    const auto step = session.enter(images, vertex, at, interrupt.token());
    display->finish();
    const auto result = enter_on_terminal(*step, shell.command, interrupt.token());
    if (shell.proceed && result.ok()) given[vertex] = step->take(interrupt.token());
    return result.exit_code;
  } catch (const base::Error& error) {
    display->finish();
    std::fputs(display->error_report(error).c_str(), stderr);
    return 1;
  } catch (...) {
    display->finish();
    throw;
  }
}

}  // namespace

int run_shell(const std::string& root, const ShellOptions& shell) {
  const base::Json build = BuildHistory(state_directory(root)).get(shell.build);
  const base::Json step = meant_step(build, shell.step);
  const auto vertex = base::Digest::parse(step["vertex"].string_or(""));
  if (!vertex) refuse(base::Code::data_loss, "the history of this build is damaged", "build again");
  const BuildOptions options = options_of(build);
  GivenOutcomes given;
  const int code = stand_in_step(root, options, *vertex, shell, given);
  if (!shell.proceed || given.empty()) return code;
  return run_build_with(root, options, std::move(given));
}

}  // namespace cli
