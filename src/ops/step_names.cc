// SPDX-License-Identifier: Apache-2.0
#include "ops/step_names.h"

#include <algorithm>

#include "base/strings.h"

namespace ops {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<StepTitle> parse_step_title(std::string_view name) {
  const auto end = name.find("] ");
  if (!name.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  const std::string_view head = name.substr(1, end - 1);
  const auto space = head.rfind(' ');
  const auto count = base::cut(space == std::string_view::npos ? head : head.substr(space + 1), "/");
  if (!count || !is_number(count->first) || !is_number(count->second)) return std::nullopt;
  StepTitle title;
  if (space != std::string_view::npos) title.stage = head.substr(0, space);
  title.number = count->first;
  title.text = name.substr(end + 2);
  return title;
}

StepNames StepNamer::of(const llb::Vertex& vertex) {
  const std::string name = vertex.metadata.custom_name();
  if (name.empty()) return {};
  const auto title = parse_step_title(name);
  StepNames names;
  // The source op of an ADD has the title of the copy after it.
  const std::string kind = std::string(llb::kind_name(vertex.op)) + "\n";
  if (!title) {
    names.step = project_ + "\n" + kind + name;
    return names;
  }
  if (!vertex.sources.empty()) names.source = lines_of(vertex.sources.front());
  const std::string stage = project_ + "\n" + title->stage + "\n" + kind;
  const std::string word = title->text.substr(0, title->text.find(' '));
  names.step = stage + (names.source.empty() ? title->text : names.source);
  names.place = stage + title->number + " " + word;
  return names;
}

std::string StepNamer::lines_of(const base::SourceRange& range) {
  if (!range.data || range.spans.empty()) return "";
  const std::string& text = *range.data;
  auto& starts = line_starts_[range.data];
  if (starts.empty()) {
    starts.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts.push_back(i + 1);
    }
    starts.push_back(text.size() + 1);
  }
  int end = range.spans.front().end.line;
  for (const auto& span : range.spans) {  // a span a line
    if (span.start.line <= end + 1) end = std::max(end, span.end.line);
  }
  const auto first = static_cast<std::size_t>(std::max(range.spans.front().start.line, 1)) - 1;
  const auto last = static_cast<std::size_t>(std::max(end, 1));
  if (first >= last || last >= starts.size()) return "";
  return text.substr(starts[first], starts[last] - 1 - starts[first]);
}

}  // namespace ops
