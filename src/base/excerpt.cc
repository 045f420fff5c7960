// SPDX-License-Identifier: Apache-2.0
#include "base/excerpt.h"

#include <algorithm>
#include <cctype>

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

struct Place {
  std::size_t line = 0;  ///< index among the lines shown
  std::size_t begin = 0;
  std::size_t size = 0;
};

bool is_word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where `word` stands in `line`, not as a part of a longer word.
std::size_t find_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_character(line[at - 1]) || !is_word_character(word.front());
    const bool ends = end == line.size() || !is_word_character(line[end]) || !is_word_character(word.back());
    if (begins && ends) return at;
  }
  return std::string_view::npos;
}

template <typename IsMarked>
std::optional<Place> find_subject(const std::vector<std::string>& lines, const IsMarked& is_marked,
                                  const std::vector<std::string>& subjects) {
  for (const auto& subject : subjects) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (subject.empty() || !is_marked(i)) continue;
      const std::size_t at = find_word(lines[i], subject);
      // Carets below the whole line say nothing that the mark beside it does not.
      if (at != std::string::npos && subject.size() < trim(lines[i]).size()) return Place{i, at, subject.size()};
    }
  }
  return std::nullopt;
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// One column a character; tabs stay, so that they are as wide as in the line above.
std::string carets(std::string_view line, const Place& place) {
  std::string out = "     |     ";
  for (const char byte : line.substr(0, place.begin)) {
    if (begins_character(byte)) out += byte == '\t' ? '\t' : ' ';
  }
  for (const char byte : line.substr(place.begin, place.size)) {
    if (begins_character(byte)) out += '^';
  }
  return out + "\n";
}

}  // namespace

std::string excerpt(const SourceRange& source, const ExcerptOptions& options) {
  if (!source.data) return "";
  const auto text = split(*source.data, '\n');
  const auto count = static_cast<int>(text.size());
  auto lines = extent(source.spans);
  if (!lines || lines->first < 1 || lines->first > count) return "";
  lines->last = std::min(lines->last, count);
  const auto visible = [&](std::string_view part) { return options.shown ? options.shown(part) : std::string(part); };
  std::string out = format("{}:{}\n{}", visible(source.filename), lines->first, kRule);
  const auto window = with_context(*lines, count);
  std::vector<std::string> shown_lines;
  for (int line = window.first; line <= window.last; ++line) {
    shown_lines.push_back(visible(text[static_cast<std::size_t>(line - 1)]));
  }
  const auto is_marked = [&](std::size_t index) {
    return marked(source.spans, window.first + static_cast<int>(index));
  };
  const auto place = find_subject(shown_lines, is_marked, options.subjects);
  for (std::size_t i = 0; i < shown_lines.size(); ++i) {
    const int line = window.first + static_cast<int>(i);
    out += format(" {:3} | {} {}\n", line, is_marked(i) ? ">>>" : "   ", shown_lines[i]);
    if (place && place->line == i) out += carets(shown_lines[i], *place);
  }
  return out.append(kRule);
}

}  // namespace base
