// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/directives.h"

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/text_lines.h"

namespace dockerfile {
namespace {

constexpr std::string_view kBlanks = "\t\n\f\r ";

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

/// `name = value`, blanks around both dropped; the value holds no line end. Of a value that is nothing
/// but blanks the last one counts, as with BuildKit's expression, which asks for one character.
std::optional<std::pair<std::string, std::string>> split_assignment(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && (is_ascii_letter(text[size]) || (size > 0 && is_ascii_digit(text[size])))) ++size;
  if (size == 0) return std::nullopt;
  const std::string_view rest = base::trim(text.substr(size), kBlanks);
  if (!rest.starts_with('=')) return std::nullopt;
  const std::string_view all = text.substr(text.find('=') + 1);
  std::string_view value = base::trim(all, kBlanks);
  if (value.empty() && !all.empty()) value = all.substr(all.size() - 1);
  if (value.empty() || value.find('\n') != value.npos) return std::nullopt;
  return std::pair(base::lower(text.substr(0, size)), std::string(value));
}

std::optional<DirectiveUse> find_among(std::string_view name, std::string_view text, DirectiveReader reader) {
  for (const Directive& directive : read_directives(text, std::move(reader))) {
    if (directive.name != name) continue;
    return DirectiveUse{directive.value.substr(0, directive.value.find(' ')), directive.value,
                        line_ranges(directive.line, directive.line)};
  }
  return std::nullopt;
}

std::optional<DirectiveUse> find_in_json(std::string_view name, std::string_view text, int line) {
  if (!base::trim(text, kBlanks).starts_with('{')) return std::nullopt;
  try {
    const base::Json document = base::Json::parse(text);
    const base::Json& value = document[name];
    if (value.is_string()) return DirectiveUse{value.as_string(), value.as_string(), line_ranges(line, line)};
  } catch (const base::Error&) {
    // Not JSON, then.
  }
  return std::nullopt;
}

/// The text behind a byte order mark and a `#!` line, and how many lines that took.
std::pair<std::string_view, int> skip_preamble(std::string_view text) {
  text = drop_bom(text);
  if (!text.starts_with("#!")) return {text, 0};
  const auto newline = text.find('\n');
  return {newline == text.npos ? std::string_view() : text.substr(newline + 1), 1};
}

}  // namespace

std::optional<Directive> DirectiveReader::read(std::string_view line) {
  ++line_;
  if (done_) return std::nullopt;
  done_ = true;
  if (!line.starts_with(comment_)) return std::nullopt;
  auto assignment = split_assignment(base::trim_space_left(line.substr(comment_.size())));
  if (!assignment) return std::nullopt;
  auto& [name, value] = *assignment;
  if (name != "syntax" && name != "escape" && name != "check") return std::nullopt;
  done_ = false;
  if (!seen_.insert(name).second) {
    base::fail(base::Code::invalid_argument, "only one {} parser directive can be used", name);
  }
  return Directive{std::move(name), std::move(value), line_};
}

std::vector<Directive> read_directives(std::string_view text, DirectiveReader reader,
                                       std::optional<base::Error>* error) {
  std::vector<Directive> directives;
  TextLines lines(text);
  try {
    for (auto line = lines.next(); line && !reader.done(); line = lines.next()) {
      if (auto directive = reader.read(cut_line_end(*line))) directives.push_back(std::move(*directive));
    }
  } catch (const base::Error& repeated) {
    if (error != nullptr) *error = repeated;
  }
  return directives;
}

std::optional<DirectiveUse> detect_syntax(std::string_view text) {
  const auto [rest, line] = skip_preamble(text);
  if (auto use = find_among("syntax", rest, DirectiveReader("#", line))) return use;
  if (auto use = find_among("syntax", rest, DirectiveReader("//", line))) return use;
  return find_in_json("syntax", rest, line);
}

std::optional<DirectiveUse> find_directive(std::string_view name, std::string_view text) {
  const auto [rest, line] = skip_preamble(text);
  return find_among(name, rest, DirectiveReader("#", line));
}

}  // namespace dockerfile
