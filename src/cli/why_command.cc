// SPDX-License-Identifier: Apache-2.0
// slipway why, slipway builds: what past builds did, and what made their steps run.
#include <cstdio>

#include "base/error.h"
#include "base/strings.h"
#include "cli/build_history.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/print_line.h"

namespace cli {
namespace {

constexpr std::size_t kShownCauses = 20;

std::string local_time(const std::string& rfc3339) {
  const auto time = base::parse_rfc3339(rfc3339);
  if (!time) return rfc3339;
  const auto seconds = static_cast<std::time_t>(*time / base::kSecond);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string duration(const base::Json& build) {
  const auto from = base::parse_rfc3339(build["started"].string_or("")).value_or(0);
  const auto to = base::parse_rfc3339(build["ended"].string_or("")).value_or(from);
  return base::format("{:.1f}s", static_cast<double>(to - from) / static_cast<double>(base::kSecond));
}

/// Steps of the Dockerfile; loading a context directory is none.
std::size_t count(const base::Json& build, std::string_view outcome) {
  std::size_t found = 0;
  for (const auto& step : build["steps"].items()) {
    found += step.contains("line") && step["outcome"].string_or("") == outcome ? 1 : 0;
  }
  return found;
}

std::string short_digest(const std::string& text) {
  return text.starts_with("sha256:") ? text.substr(0, 7 + 12) : text;
}

std::string quoted(const std::string& text) { return text.empty() ? "nothing" : base::json_quote(text); }

/// What stands below a cause: the two states it is a difference of.
std::string states(const base::Json& cause) {
  const std::string kind = cause["kind"].string_or("");
  const std::string before = cause["before"].string_or("");
  const std::string now = cause["now"].string_or("");
  if (kind == "file") {
    const auto state = [](const base::Json& file) {
      if (file.is_null()) return std::string("nothing");
      return base::format("{} {} bytes mode {}", short_digest(file["digest"].string_or(file["target"].string_or(""))),
                          file["size"].int_or(0), file["mode"].string_or(""));
    };
    if (cause.contains("file_before") || cause.contains("file_now")) {
      return state(cause["file_before"]) + " -> " + state(cause["file_now"]);
    }
  }
  if (kind == "step") return now;
  if (before.empty() && now.empty()) return "";
  if (kind == "file" || kind == "base" || kind == "source") {
    return base::format("{} -> {}", before.empty() ? "nothing" : short_digest(before), short_digest(now));
  }
  return base::format("{} -> {}", quoted(before), quoted(now));
}

/// What made another step of the build run, in a few words.
std::string note_of(const base::Json& build, const std::string& name) {
  for (const auto& step : build["steps"].items()) {
    if (step["name"].string_or("") == name) return step["note"].string_or("");
  }
  return "";
}

void print_cause(const base::Json& cause, const base::Json& build) {
  std::string text = "    " + cause["text"].string_or("");
  if (const auto from = cause["from"].string_or(""); !from.empty()) text += " in " + from;
  if (const auto line = cause["line"].int_or(0); line > 0) text += base::format(" (line {})", line);
  print_line(text);
  if (const auto below = states(cause); !below.empty()) print_line("        " + below);
  const std::string source =
      cause["kind"].string_or("") == "step" ? cause["subject"].string_or("") : cause["from"].string_or("");
  const std::string note = source.empty() ? "" : note_of(build, source);
  if (!note.empty()) print_line("        that step ran: " + note);
}

std::string reason_text(const base::Json& step) {
  const std::string reason = step["reason"].string_or("");
  if (step["outcome"].string_or("") == "cached") return "was cached";
  if (reason == "never built") return "ran: it was never built before";
  if (reason == "forced") return "ran: forced by --no-cache";
  if (reason == "evicted") {
    const std::string at = step["evicted"].string_or("");
    return "ran: its earlier result was evicted" + (at.empty() ? "" : " on " + local_time(at));
  }
  if (reason.empty()) return step["outcome"].string_or("");
  const std::string at = step["compared_with"].string_or("");
  return "ran: it differs from the nearest earlier one" + (at.empty() ? "" : ", of " + local_time(at));
}

void print_step(const base::Json& step, const base::Json& build) {
  const std::string place = place_of(step);
  print_line(place + (place.empty() ? "" : "  ") + step["name"].string_or(""));
  print_line("  " + reason_text(step));
  const auto& causes = step["causes"].items();
  for (std::size_t i = 0; i < std::min(causes.size(), kShownCauses); ++i) print_cause(causes[i], build);
  if (causes.size() > kShownCauses) std::printf("    … and %zu more (--json has all)\n", causes.size() - kShownCauses);
  if (const auto error = step["error"].string_or(""); !error.empty()) print_line("  failed: " + error);
  if (const auto log = step["log"].string_or(""); !log.empty()) print_line("  whole output: " + log);
}

void print_summary(const base::Json& build) {
  std::printf("%s  %s  %s  %s: %zu ran, %zu cached%s\n", build["id"].string_or("").c_str(),
              local_time(build["started"].string_or("")).c_str(), duration(build).c_str(),
              build["context"].string_or("").c_str(), count(build, "ran"), count(build, "cached"),
              build["outcome"].string_or("") == "done" ? "" : (", " + build["outcome"].string_or("")).c_str());
}

}  // namespace

int run_why(const std::string& root, const WhyOptions& options) {
  const BuildHistory history(state_directory(root));
  base::Json build = history.get(options.build);
  const base::Json whole = build;
  base::Json meant = base::Json::array();
  for (const auto& step : build["steps"].items()) {
    if (options.step.empty() ? step.contains("reason") : is_meant(step, options.step)) meant.push(step);
  }
  if (meant.items().empty() && !options.step.empty()) {
    base::Error error(base::Code::not_found,
                      base::format("no step of build {} is called \"{}\"", build["id"].string_or(""), options.step));
    error.set_hint("give a part of its title or its line; 'slipway why' shows every step that ran");
    throw error;
  }
  if (options.json) {
    build.set("steps", std::move(meant));
    std::printf("%s\n", build.dump(2).c_str());
    return 0;
  }
  print_summary(build);
  for (const auto& step : meant.items()) {
    std::printf("\n");
    print_step(step, whole);
  }
  if (meant.items().empty()) std::printf("\nnothing ran: every step was cached\n");
  return 0;
}

int run_builds(const std::string& root, const BuildsOptions& options) {
  const BuildHistory history(state_directory(root));
  for (const auto& id : history.ids()) {
    const base::Json build = history.find(id);
    if (build.is_null()) continue;
    if (options.json) {
      std::printf("%s\n", build.dump().c_str());
    } else {
      print_summary(build);
    }
  }
  return 0;
}

}  // namespace cli
