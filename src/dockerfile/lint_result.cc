// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint_result.h"

#include <algorithm>

#include "base/base64.h"
#include "base/excerpt.h"
#include "dockerfile/location_json.h"

namespace dockerfile {
namespace {

/// Places of an error and of what it happened in, lines that overlap joined.
Ranges merged(const std::vector<Ranges>& locations) {
  Ranges all;
  for (const auto& ranges : locations) all.insert(all.end(), ranges.begin(), ranges.end());
  std::ranges::stable_sort(all, {}, [](const Range& range) { return range.start.line; });
  Ranges out;
  for (const auto& range : all) {
    if (!out.empty() && range.start.line <= out.back().end.line) {
      out.back().end.line = std::max(out.back().end.line, range.end.line);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

base::Json finding_json(const LintFinding& finding) {
  auto json = base::Json::object();
  json.set("ruleName", finding.rule->name);
  json.set_nonempty("description", finding.rule->description);
  json.set_nonempty("url", finding.rule->url);
  json.set_nonempty("detail", finding.message);
  return json.set("location", location_json(finding.location));
}

/// Findings without a place first, by rule; the others by line.
bool before(const LintFinding& a, const LintFinding& b) {
  if (a.location.empty() && b.location.empty()) return a.rule->name < b.rule->name;
  if (a.location.empty() || b.location.empty()) return a.location.empty();
  return a.location.front().start.line < b.location.front().start.line;
}

}  // namespace

void LintResult::set_error(const base::Error& failure) {
  const auto* located = dynamic_cast<const LocatedError*>(&failure);
  error = LintBuildError{failure.text(), located == nullptr ? Ranges() : merged(located->locations())};
}

std::string LintResult::json() const {
  base::Json warnings;  // Go writes a list that nothing was added to as null
  if (!findings.empty()) warnings = base::Json::array();
  for (const auto& finding : findings) warnings.push(finding_json(finding));
  auto info = base::Json::object();
  info.set_nonempty("filename", source->filename).set_nonempty("data", base::base64_encode(*source->data));
  info.set_nonempty("language", source->language);
  auto json = base::Json::object();
  json.set("warnings", std::move(warnings)).set("sources", base::Json::array().push(std::move(info)));
  if (error) {
    json.set("buildError",
             base::Json::object().set("message", error->message).set("location", location_json(error->location)));
  }
  return json.dump(2);
}

std::string LintResult::text() const {
  auto sorted = findings;
  std::ranges::stable_sort(sorted, before);
  std::string out;
  for (const auto& finding : sorted) {
    out += base::format("\nWARNING: {}", finding.rule->name);
    if (!finding.rule->url.empty()) out += base::format(" - {}", finding.rule->url);
    out += base::format("\n{}\n", finding.message);
    out += base::excerpt({source->filename, source->data, finding.location});
  }
  return out;
}

}  // namespace dockerfile
