// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the parsers of the single instructions share; instruction_parser.cc calls them.
//
// They check in BuildKit's order, which decides which of several faults is reported.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unicode.h"
#include "dockerfile/flags.h"
#include "dockerfile/instructions.h"

namespace dockerfile {

/// Everything the parsing of one instruction starts from.
struct Request {
  explicit Request(const Statement& source)
      : statement(source), arguments(source.flat_arguments()), flags(source.flags), location(source.location()) {}

  const Statement& statement;
  std::vector<std::string> arguments;
  FlagSet flags;
  Ranges location;
};

/// A fault in an instruction.
[[noreturn]] inline void fail_instruction(std::string text) {
  throw base::Error(base::Code::invalid_argument, std::move(text));
}

inline void need_arguments(const Request& request, std::string_view name) {
  if (request.arguments.empty()) fail_instruction(base::format("{} requires at least one argument", name));
}

/// A command with what all commands have.
template <typename T>
T make_command(const Request& request) {
  T command;
  command.code = base::trim_space(request.statement.original);
  command.name = request.statement.command;
  command.location = request.location;
  command.comments = request.statement.comments;
  return command;
}

// instruction_files.cc
AddCommand parse_add(Request& request);
CopyCommand parse_copy(Request& request);

// instruction_lines.cc
RunCommand parse_run(Request& request);
CmdCommand parse_cmd(Request& request);
EntrypointCommand parse_entrypoint(Request& request);
ShellCommand parse_shell(Request& request);
HealthcheckCommand parse_healthcheck(Request& request);

}  // namespace dockerfile
