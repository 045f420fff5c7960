// SPDX-License-Identifier: Apache-2.0
#include "cli/check_report.h"

#include <algorithm>
#include <vector>

#include "base/format.h"
#include "base/json.h"
#include "progress/error_report.h"
#include "progress/log_lines.h"

namespace cli {
namespace {

using base::Json;
using dockerfile::CheckFinding;
using dockerfile::CheckReport;

Json point(const base::SourcePoint& at) {
  auto json = Json::object();
  json.set("line", at.line);
  json.set_nonempty("character", at.character);
  return json;
}

Json ranges(const dockerfile::Ranges& location) {
  auto list = Json::array();
  for (const auto& range : location) {
    list.push(Json::object().set("start", point(range.start)).set("end", point(range.end)));
  }
  return list;
}

int last_line(const CheckFinding& finding) {
  int line = finding.line();
  for (const auto& range : finding.location) line = std::max(line, range.end.line);
  return line;
}

/// The rules that found something, in order of their first finding.
std::vector<const CheckFinding*> rules_of(const CheckReport& report) {
  std::vector<const CheckFinding*> rules;
  for (const auto& finding : report.findings) {
    const auto known =
        std::ranges::any_of(rules, [&](const CheckFinding* other) { return other->rule == finding.rule; });
    if (!known) rules.push_back(&finding);
  }
  return rules;
}

Json text_object(const std::string& text) { return Json::object().set("text", text); }

Json sarif_rules(const std::vector<const CheckFinding*>& rules) {
  auto list = Json::array();
  for (const auto* rule : rules) {
    auto json = Json::object().set("id", rule->rule).set("shortDescription", text_object(rule->description));
    // The pages of slipway's own rules are files of its documentation, no addresses.
    if (rule->url.starts_with("https://")) json.set("helpUri", rule->url);
    if (!rule->url.empty()) json.set("help", text_object("See " + rule->url));
    list.push(std::move(json));
  }
  return list;
}

/// A path as SARIF wants it: a URI reference.
std::string uri_of(std::string_view path) {
  static constexpr std::string_view kPlain = "/-._~";
  std::string uri;
  for (const char c : path) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kPlain.find(c) != kPlain.npos;
    uri += plain ? std::string(1, c) : base::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

Json sarif_location(const std::string& path, int first, int last) {
  auto physical = Json::object().set("artifactLocation", Json::object().set("uri", uri_of(path)));
  if (first > 0) physical.set("region", Json::object().set("startLine", first).set("endLine", last));
  return Json::array().push(Json::object().set("physicalLocation", std::move(physical)));
}

Json sarif_result(const CheckFinding& finding, std::size_t index, const std::string& path) {
  const auto text = finding.fix.empty() ? finding.message : finding.message + ". " + finding.fix + ".";
  return Json::object()
      .set("ruleId", finding.rule)
      .set("ruleIndex", static_cast<std::int64_t>(index))
      .set("level", "warning")
      .set("message", text_object(text))
      .set("locations", sarif_location(path, finding.line(), last_line(finding)));
}

Json sarif_results(const CheckReport& report, const std::vector<const CheckFinding*>& rules, const std::string& path) {
  auto list = Json::array();
  for (const auto& finding : report.findings) {
    const auto rule = std::ranges::find_if(rules, [&](const CheckFinding* r) { return r->rule == finding.rule; });
    list.push(sarif_result(finding, static_cast<std::size_t>(rule - rules.begin()), path));
  }
  return list;
}

/// A Dockerfile that could not be checked to its end is a failed run.
Json sarif_invocation(const CheckReport& report, const std::string& path) {
  auto invocation = Json::object().set("executionSuccessful", !report.error);
  if (!report.error) return invocation;
  auto notice = Json::object().set("level", "error").set("message", text_object(report.error->text()));
  const auto& source = report.error->source();
  if (source && !source->spans.empty()) {
    notice.set("locations", sarif_location(path, source->spans.front().start.line, source->spans.back().end.line));
  }
  return invocation.set("toolExecutionNotifications", Json::array().push(std::move(notice)));
}

}  // namespace

std::string check_text(const CheckReport& report) {
  std::string text;
  for (const auto& finding : report.findings) {
    text += "\nWARNING: " + finding.rule;
    if (!finding.url.empty()) text += " - " + finding.url;
    // Messages quote the Dockerfile, which may be anybody's.
    text += "\n" + progress::safe_text(finding.message) + "\n";
    if (!finding.fix.empty()) text += "fix: " + progress::safe_text(finding.fix) + "\n";
    text += progress::source_excerpt({report.filename, report.text, finding.location}, finding.message);
  }
  return text;
}

std::string check_json(const CheckReport& report) {
  auto warnings = Json::array();
  for (const auto& finding : report.findings) {
    auto json = Json::object()
                    .set("ruleName", finding.rule)
                    .set("description", finding.description)
                    .set("url", finding.url)
                    .set("detail", finding.message);
    json.set_nonempty("fix", finding.fix);
    json.set("location", Json::object().set("ranges", ranges(finding.location)));
    warnings.push(std::move(json));
  }
  auto source = Json::object().set("filename", report.filename).set("language", "Dockerfile");
  auto json = Json::object().set("warnings", std::move(warnings)).set("sources", Json::array().push(std::move(source)));
  if (report.error) json.set("buildError", Json::object().set("message", report.error->text()));
  return json.dump(2) + "\n";
}

std::string check_sarif(const CheckReport& report, const std::string& path) {
  const auto rules = rules_of(report);
  auto driver = Json::object().set("name", "slipway").set("rules", sarif_rules(rules));
  auto run = Json::object()
                 .set("tool", Json::object().set("driver", std::move(driver)))
                 .set("invocations", Json::array().push(sarif_invocation(report, path)))
                 .set("results", sarif_results(report, rules, path));
  return Json::object()
             .set("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
             .set("version", "2.1.0")
             .set("runs", Json::array().push(std::move(run)))
             .dump(2) +
         "\n";
}

}  // namespace cli
