// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/unicode.h"
#include "dockerfile/directives.h"
#include "dockerfile/json_form.h"
#include "dockerfile/line_words.h"
#include "dockerfile/text_lines.h"

namespace dockerfile {
namespace {

/// ONBUILD inside ONBUILD is an error later on; deeper than this it is not even read.
constexpr int kMaxOnbuildDepth = 64;

/// How an instruction's arguments are to be read.
enum class Form : std::uint8_t {
  ignored,       ///< unknown instruction
  json_or_text,  ///< exec form, or all of it as one argument
  json_or_words,
  words,   ///< split at blanks
  quoted,  ///< split at blanks outside quotes
  pairs,   ///< KEY=value …
  text,
  health,
  nested,
};

Form form_of(std::string_view command) {
  static constexpr std::pair<std::string_view, Form> kForms[] = {
      {"add", Form::json_or_words},
      {"arg", Form::quoted},
      {"cmd", Form::json_or_text},
      {"copy", Form::json_or_words},
      {"entrypoint", Form::json_or_text},
      {"env", Form::pairs},
      {"expose", Form::words},
      {"from", Form::words},
      {"healthcheck", Form::health},
      {"label", Form::pairs},
      {"maintainer", Form::text},
      {"onbuild", Form::nested},
      {"run", Form::json_or_text},
      {"shell", Form::json_or_text},
      {"stopsignal", Form::text},
      {"user", Form::text},
      {"volume", Form::json_or_words},
      {"workdir", Form::text},
  };
  for (const auto& [name, form] : kForms) {
    if (name == command) return form;
  }
  return Form::ignored;
}

Statement read_statement(std::string_view line, char escape, int depth);

void read_json_or(Statement& statement, std::string_view rest, Form otherwise) {
  if (auto strings = parse_json_form(rest)) {
    statement.json = true;
    for (std::string& text : *strings) statement.arguments.push_back(std::move(text));
  } else if (rest.empty()) {
    // no arguments
  } else if (otherwise == Form::words) {
    statement.arguments = blank_separated(rest);
  } else {
    statement.arguments.emplace_back(rest);
  }
}

void read_arguments(Statement& statement, std::string_view rest, char escape, int depth) {
  const std::string command = base::lower_runes(statement.command);
  switch (form_of(command)) {
    case Form::ignored: statement.arguments = {""}; return;
    case Form::json_or_text: return read_json_or(statement, rest, Form::text);
    case Form::json_or_words: return read_json_or(statement, rest, Form::words);
    case Form::words:
      if (!rest.empty()) statement.arguments = blank_separated(rest);
      return;
    case Form::quoted: statement.arguments = quoted_words(rest, escape); return;
    case Form::pairs: statement.arguments = key_value_triples(rest, base::upper_runes(command), escape); return;
    case Form::text:
      if (!rest.empty()) statement.arguments.emplace_back(rest);
      return;
    case Form::health: {
      const auto [kind, line] = first_word(rest);
      if (kind.empty()) return;
      statement.arguments.emplace_back(kind);
      return read_json_or(statement, line, Form::text);
    }
    case Form::nested:
      if (!rest.empty()) statement.nested.push_back(read_statement(rest, escape, depth + 1));
      return;
  }
}

Statement read_statement(std::string_view line, char escape, int depth) {
  if (depth > kMaxOnbuildDepth) {
    base::fail(base::Code::invalid_argument, "more than {} ONBUILD instructions inside each other", kMaxOnbuildDepth);
  }
  SplitLine split = split_line(line, escape);
  Statement statement;
  statement.command = std::move(split.command);
  statement.flags = std::move(split.flags);
  statement.original = line;
  read_arguments(statement, split.rest, escape, depth);
  return statement;
}

bool may_open_heredocs(const Statement& statement) {
  const Statement& inner = statement.nested.empty() ? statement : statement.nested.front();
  const std::string command = base::lower_runes(inner.command);
  return !inner.json && (command == "add" || command == "copy" || command == "run");
}

bool is_comment(std::string_view line) { return base::trim_space_left(line).starts_with('#'); }

bool is_blank(std::string_view line) { return base::trim_space_left(trim_newline(line)).empty(); }

/// Cuts an escape character at the end of `line`, blanks behind it included. False when there is none,
/// or when it is itself escaped.
bool cut_continuation(std::string_view& line, char escape) {
  const auto last = line.find_last_not_of(" \t");
  if (last == line.npos || line[last] != escape || (last > 0 && line[last - 1] == escape)) return false;
  line = line.substr(0, last);
  return true;
}

/// Assembles statements from lines.
class FileReader {
 public:
  explicit FileReader(std::string_view text) : lines_(text) {}

  ParsedFile read() {
    while (auto line = lines_.next()) first_line(*line);
    const Ranges here = line_ranges(line_, 0);
    if (file_.statements.empty()) fail_at(here, "file with no instructions");
    if (lines_.too_long()) {
      fail_at(here, base::format("dockerfile line greater than max allowed size of {}", kMaxLineSize - 1));
    }
    return std::move(file_);
  }

 private:
  /// A line that begins something: a directive, a comment, a statement or nothing.
  void first_line(std::string_view raw) {
    if (line_ == 0) raw = drop_bom(raw);
    if (is_comment(raw)) add_comment(raw);
    std::string_view line = base::trim_space_left(trim_newline(raw));
    read_directive(line);
    ++line_;
    if (line.starts_with('#')) return;
    const bool continues = cut_continuation(line, file_.escape);
    if (!continues && line.empty()) return;
    const int start = line_;
    std::string joined(line);
    if (continues) join_continuation(joined);
    finish_statement(joined, start);
  }

  /// Comments gather until the next statement; an empty one starts over.
  void add_comment(std::string_view raw) {
    const std::string_view comment = base::trim_space(raw.substr(1));
    if (comment.empty()) {
      comments_.clear();
    } else {
      comments_.emplace_back(comment);
    }
  }

  void read_directive(std::string_view line) {
    with_location(line_ranges(line_, 0), [&] {
      const auto directive = directives_.read(line);
      if (!directive) return;
      if (directive->name == "escape") {
        if (directive->value != "\\" && directive->value != "`") {
          base::fail(base::Code::invalid_argument, "invalid escape token '{}' does not match ` or \\",
                     directive->value);
        }
        file_.escape = directive->value[0];
      }
      if (!comments_.empty()) comments_.pop_back();
    });
  }

  void join_continuation(std::string& joined) {
    bool empty_line = false;
    for (bool continues = true; continues;) {
      const auto raw = lines_.next();
      if (!raw) break;
      ++line_;
      if (is_comment(*raw)) continue;
      if (is_blank(*raw)) {
        empty_line = true;
        continue;
      }
      std::string_view line = trim_newline(*raw);
      continues = cut_continuation(line, file_.escape);
      joined += line;
    }
    if (!empty_line) return;
    file_.warnings.push_back({.text = "Empty continuation line found in: " + joined,
                              .detail = "Empty continuation lines will become errors in a future release",
                              .url = "https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/",
                              .location = {{line_, 0}, {line_, 0}}});
  }

  void finish_statement(const std::string& joined, int start) {
    Statement statement;
    // The end is known only behind the heredocs, so an error's location is made where it leaves.
    try {
      statement = read_statement(joined, file_.escape, 0);
      if (may_open_heredocs(statement) && joined.find("<<") != joined.npos) {
        for (Heredoc& heredoc : heredocs_of_line(joined)) {
          read_heredoc(heredoc);
          statement.heredocs.push_back(std::move(heredoc));
        }
      }
    } catch (base::Error& error) {
      throw LocatedError(std::move(error), line_ranges(start, line_));
    }
    statement.start_line = start;
    statement.end_line = line_;
    statement.comments = std::exchange(comments_, {});
    file_.statements.push_back(std::move(statement));
  }

  void read_heredoc(Heredoc& heredoc) {
    while (const auto raw = lines_.next()) {
      ++line_;
      std::string_view line = trim_newline(*raw);
      if (heredoc.chomp) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == heredoc.name) return;
      heredoc.content += *raw;
    }
    base::fail(base::Code::invalid_argument, "unterminated heredoc");
  }

  TextLines lines_;
  DirectiveReader directives_;
  ParsedFile file_;
  std::vector<std::string> comments_;
  int line_ = 0;
};

}  // namespace

std::vector<std::string> Statement::flat_arguments() const {
  std::vector<std::string> flat = arguments;
  for (const Statement& inner : nested) {
    flat.push_back(inner.command);
    for (std::string& argument : inner.flat_arguments()) flat.push_back(std::move(argument));
  }
  return flat;
}

ParsedFile parse_dockerfile(std::string_view text) { return FileReader(text).read(); }

}  // namespace dockerfile
