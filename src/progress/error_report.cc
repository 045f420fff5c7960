// SPDX-License-Identifier: Apache-2.0
#include "progress/error_report.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/strings.h"
#include "progress/log_lines.h"

namespace progress {
namespace {

constexpr std::string_view kRule = "--------------------\n";

/// First and last line that the spans touch; a span that ends before it starts is its start line.
struct Lines {
  int first = 0;
  int last = 0;
};

std::optional<Lines> extent(const std::vector<base::SourceSpan>& spans) {
  std::optional<Lines> lines;
  for (const auto& span : spans) {
    const int last = std::max(span.start.line, span.end.line);
    if (!lines) lines = Lines{span.start.line, last};
    lines->first = std::min(lines->first, span.start.line);
    lines->last = std::max(lines->last, last);
  }
  return lines;
}

bool marked(const std::vector<base::SourceSpan>& spans, int line) {
  return std::any_of(spans.begin(), spans.end(), [line](const base::SourceSpan& span) {
    return span.start.line <= line && line <= std::max(span.start.line, span.end.line);
  });
}

/// Opens the window around the marked lines: about two lines each side of several, more of a single one.
Lines with_context(Lines lines, int count) {
  const int wanted = lines.first == lines.last ? 4 : 2;
  for (int added = 0; added < wanted; ++added) {
    if (lines.first > 1) {
      --lines.first;
      ++added;
    }
    if (lines.last < count) {
      ++lines.last;
      ++added;
    }
  }
  return lines;
}

}  // namespace

std::string failed_step_block(const FailedStep& step) {
  std::string out = base::format("------\n > {}:\n", safe_text(step.name));
  for (const auto& line : step.log_tail) out += safe_line(line) + "\n";
  return out + "------\n";
}

std::string source_excerpt(const base::SourceRange& source) {
  if (!source.data) return "";
  const auto text = base::split(*source.data, '\n');
  const auto count = static_cast<int>(text.size());
  auto lines = extent(source.spans);
  if (!lines || lines->first < 1 || lines->first > count) return "";
  lines->last = std::min(lines->last, count);
  std::string out = base::format("{}:{}\n{}", safe_text(source.filename), lines->first, kRule);
  const auto window = with_context(*lines, count);
  for (int line = window.first; line <= window.last; ++line) {
    std::string_view content = text[static_cast<std::size_t>(line - 1)];
    out += base::format(" {:3} | {} {}\n", line, marked(source.spans, line) ? ">>>" : "   ",
                        safe_line(base::trim(content, "\r")));
  }
  return out.append(kRule);
}

std::string error_report(const base::Error& error, const std::optional<FailedStep>& step) {
  std::string out;
  if (step) out += failed_step_block(*step);
  if (error.source()) out += source_excerpt(*error.source());
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
