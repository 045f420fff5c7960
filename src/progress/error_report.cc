// SPDX-License-Identifier: Apache-2.0
#include "progress/error_report.h"

#include <set>

#include "base/excerpt.h"
#include "base/format.h"
#include "base/strings.h"
#include "progress/log_lines.h"
#include "progress/subject.h"

namespace progress {

std::string failed_step_block(const FailedStep& step) {
  std::string out = base::format("------\n > {}:\n", safe_text(step.name));
  for (const auto& line : step.log_tail) out += safe_line(line) + "\n";
  return out + "------\n";
}

std::string source_excerpt(const base::SourceRange& source, std::string_view message) {
  auto printable = source;
  printable.filename = safe_text(source.filename);
  return base::excerpt(printable, {.shown = [](std::string_view line) { return safe_line(base::trim(line, "\r")); },
                                   .subjects = subjects_of(message)});
}

std::string error_report(const base::Error& error, const std::optional<FailedStep>& step) {
  std::string out;
  if (step) out += failed_step_block(*step);
  if (error.source()) out += source_excerpt(*error.source(), error.text());
  out += base::format("ERROR: {}\n", safe_paragraph(error.text()));
  if (!error.hint().empty()) out += base::format("hint: {}\n", safe_paragraph(error.hint()));
  return out;
}

std::string warnings_report(const std::vector<VertexWarning>& warnings) {
  std::vector<std::string> lines;
  std::set<std::string> seen;
  for (const auto& warning : warnings) {
    auto line = safe_text(warning.short_text);
    if (warning.source && !warning.source->spans.empty() && line.find("(line ") == std::string::npos) {
      line += base::format(" (line {})", warning.source->spans.front().start.line);
    }
    if (seen.insert(line).second) lines.push_back(std::move(line));
  }
  if (lines.empty()) return "";
  auto out = base::format("\n {} {} found:\n", lines.size(), lines.size() == 1 ? "warning" : "warnings");
  for (const auto& line : lines) out += base::format(" - {}\n", line);
  return out;
}

}  // namespace progress
