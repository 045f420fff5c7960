// SPDX-License-Identifier: Apache-2.0
#include "base/excerpt.h"

#include <algorithm>

#include "base/format.h"
#include "base/strings.h"

namespace base {
namespace {

constexpr std::string_view kRule = "--------------------\n";

/// First and last line that the spans touch; a span that ends before it starts is its start line.
struct Lines {
  int first = 0;
  int last = 0;
};

std::optional<Lines> extent(const std::vector<SourceSpan>& spans) {
  std::optional<Lines> lines;
  for (const auto& span : spans) {
    const int last = std::max(span.start.line, span.end.line);
    if (!lines) lines = Lines{span.start.line, last};
    lines->first = std::min(lines->first, span.start.line);
    lines->last = std::max(lines->last, last);
  }
  return lines;
}

bool marked(const std::vector<SourceSpan>& spans, int line) {
  return std::any_of(spans.begin(), spans.end(), [line](const SourceSpan& span) {
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

std::string excerpt(const SourceRange& source, const std::function<std::string(std::string_view)>& shown) {
  if (!source.data) return "";
  const auto text = split(*source.data, '\n');
  const auto count = static_cast<int>(text.size());
  auto lines = extent(source.spans);
  if (!lines || lines->first < 1 || lines->first > count) return "";
  lines->last = std::min(lines->last, count);
  const auto visible = [&](std::string_view part) { return shown ? shown(part) : std::string(part); };
  std::string out = format("{}:{}\n{}", visible(source.filename), lines->first, kRule);
  const auto window = with_context(*lines, count);
  for (int line = window.first; line <= window.last; ++line) {
    out += format(" {:3} | {} {}\n", line, marked(source.spans, line) ? ">>>" : "   ",
                  visible(text[static_cast<std::size_t>(line - 1)]));
  }
  return out.append(kRule);
}

}  // namespace base
