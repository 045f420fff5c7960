// SPDX-License-Identifier: Apache-2.0
#include "parse_view.h"

#include "base/digest.h"
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/directives.h"
#include "dockerfile/instructions.h"
#include "dockerfile/parser.h"

namespace conformance {
namespace {

using base::Json;

Json heredocs_view(const std::vector<dockerfile::Heredoc>& heredocs) {
  Json view = Json::array();
  for (const dockerfile::Heredoc& heredoc : heredocs) {
    Json item = Json::object();
    item.set("name", heredoc.name).set("fd", heredoc.file_descriptor).set("expand", heredoc.expand);
    item.set("chomp", heredoc.chomp).set("content", heredoc.content);
    view.push(std::move(item));
  }
  return view;
}

Json lines_view(int start, int end) {
  if (start == 0 && end == 0) return nullptr;
  return Json::Array{start, end};
}

Json statement_view(const dockerfile::Statement& statement) {
  Json view = Json::object();
  view.set("value", statement.command).set("lines", lines_view(statement.start_line, statement.end_line));
  view.set_nonempty("original", statement.original).set_nonempty("flags", Json::strings(statement.flags));
  view.set_nonempty("comments", Json::strings(statement.comments));
  view.set_nonempty("heredocs", heredocs_view(statement.heredocs));
  if (statement.json) view.set("attrs", Json::object().set("json", true));
  Json next = Json::array();
  for (const std::string& argument : statement.arguments) next.push(Json::object().set("value", argument));
  for (const dockerfile::Statement& nested : statement.nested) {
    Json holder = Json::object();
    holder.set("value", "").set("children", Json::Array{statement_view(nested)});
    next.push(std::move(holder));
  }
  view.set_nonempty("next", std::move(next));
  return view;
}

std::string statement_dump(const dockerfile::Statement& statement) {
  std::string dump = base::lower_runes(statement.command);
  if (!statement.flags.empty()) {
    std::vector<std::string> quoted;
    for (const std::string& flag : statement.flags) quoted.push_back(base::quote(flag));
    dump += " [" + base::join(quoted, " ") + "]";
  }
  for (const std::string& argument : statement.arguments) dump += " " + base::quote(argument);
  for (const dockerfile::Statement& nested : statement.nested) dump += " (" + statement_dump(nested) + ")";
  return std::string(base::trim_space(dump));
}

Json tree_view(const std::vector<dockerfile::Statement>& statements) {
  Json children = Json::array();
  for (const dockerfile::Statement& statement : statements) children.push(statement_view(statement));
  Json view = Json::object();
  view.set("value", "").set("lines", lines_view(statements.front().start_line, statements.back().end_line));
  return view.set("children", std::move(children));
}

std::string tree_dump(const std::vector<dockerfile::Statement>& statements) {
  std::string dump;
  for (const dockerfile::Statement& statement : statements) dump += "(" + statement_dump(statement) + ")\n";
  return dump;
}

Json warnings_view(const std::vector<dockerfile::ParseWarning>& warnings) {
  Json view = Json::array();
  for (const dockerfile::ParseWarning& warning : warnings) {
    Json item = Json::object();
    item.set("short", warning.text).set("url", warning.url).set("ranges", ranges_view({warning.location}));
    view.push(std::move(item));
  }
  return view;
}

Json error_view(const dockerfile::LocatedError& error) {
  Json locations = Json::array();
  for (const dockerfile::Ranges& location : error.locations()) locations.push(ranges_view(location));
  return Json::object().set("message", error.text()).set("locations", std::move(locations));
}

Json use_view(const std::optional<dockerfile::DirectiveUse>& use) {
  if (!use) return nullptr;
  Json view = Json::object();
  return view.set("ref", use->first_word).set("cmdline", use->value).set("ranges", ranges_view(use->location));
}

}  // namespace

Json ranges_view(const dockerfile::Ranges& ranges) {
  Json view = Json::array();
  for (const dockerfile::Range& range : ranges) {
    view.push(Json::Array{range.start.line, range.start.character, range.end.line, range.end.character});
  }
  return view;
}

Json syntax_view(std::string_view text) { return use_view(dockerfile::detect_syntax(text)); }

Json directive_view(std::string_view name, std::string_view text) {
  return use_view(dockerfile::find_directive(name, text));
}

void add_directives(Json& view, std::string_view text, std::string_view error_name) {
  std::optional<base::Error> error;
  Json directives = Json::array();
  for (const auto& directive : dockerfile::read_directives(text, dockerfile::DirectiveReader(), &error)) {
    Json item = Json::object();
    directives.push(item.set("name", directive.name).set("value", directive.value).set("line", directive.line));
  }
  view.set_nonempty("directives", std::move(directives));
  if (error) view.set(error_name, error->text());
}

Json instructions_error_view(std::string_view dockerfile) {
  try {
    dockerfile::parse_instructions(dockerfile::parse_dockerfile(dockerfile).statements, nullptr);
  } catch (const dockerfile::LocatedError& error) {
    return error_view(error);
  }
  return nullptr;
}

Json parse_view(std::string_view dockerfile) {
  Json view = Json::object();
  add_directives(view, dockerfile, "directives_error");
  view.set("syntax", syntax_view(dockerfile));
  try {
    const dockerfile::ParsedFile file = dockerfile::parse_dockerfile(dockerfile);
    view.set("escape", std::string(1, file.escape));
    view.set_nonempty("warnings", warnings_view(file.warnings));
    view.set("ast", tree_view(file.statements));
    view.set("dump_sha256", base::sha256(tree_dump(file.statements)).hex());
  } catch (const dockerfile::LocatedError& error) {
    view.set("error", error_view(error));
  }
  return view;
}

}  // namespace conformance
