// SPDX-License-Identifier: Apache-2.0
// From statements to typed instructions.
#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "dockerfile/instruction_request.h"
#include "dockerfile/suggest.h"

namespace dockerfile {
namespace {

void need_one_argument(const Request& request, std::string_view name) {
  if (request.arguments.size() != 1) fail_instruction(base::format("{} requires exactly one argument", name));
}

[[noreturn]] void fail_blank_name(std::string_view name) {
  fail_instruction(base::format("{} names can not be blank", name));
}

/// The description in a comment line "NAME description".
std::string doc_comment(const std::vector<std::string>& comments, std::string_view name) {
  if (name.empty()) return "";
  for (const std::string& comment : comments) {
    if (comment.starts_with(name) && comment.size() > name.size() && comment[name.size()] == ' ') {
      return comment.substr(name.size() + 1);
    }
  }
  return "";
}

// ---- key and value ---------------------------------------------------------------------------

std::vector<KeyValue> key_values(const Request& request, std::string_view name) {
  need_arguments(request, name);
  const auto& arguments = request.arguments;
  if (arguments.size() % 3 != 0) fail_instruction(base::format("Bad input to {}, too many arguments", name));
  std::vector<KeyValue> pairs;
  for (std::size_t i = 0; i < arguments.size(); i += 3) {
    if (arguments[i].empty()) fail_blank_name(name);
    pairs.push_back({arguments[i], arguments[i + 1], arguments[i + 2].empty()});
  }
  return pairs;
}

EnvCommand parse_env(Request& request) {
  request.flags.parse();
  auto command = make_command<EnvCommand>(request);
  command.env = key_values(request, "ENV");
  return command;
}

LabelCommand parse_label(Request& request) {
  request.flags.parse();
  auto command = make_command<LabelCommand>(request);
  command.labels = key_values(request, "LABEL");
  return command;
}

ArgCommand parse_arg(Request& request) {
  need_arguments(request, "ARG");
  auto command = make_command<ArgCommand>(request);
  for (const std::string& argument : request.arguments) {
    KeyOptionalValue arg;
    const auto equals = argument.find('=');
    if (equals == 0) fail_blank_name("ARG");
    arg.key = argument.substr(0, equals);
    if (equals != argument.npos) arg.value = argument.substr(equals + 1);
    arg.doc_comment = doc_comment(request.statement.comments, arg.key);
    command.args.push_back(std::move(arg));
  }
  return command;
}

// ---- single values ---------------------------------------------------------------------------

/// An instruction with exactly one argument, stored in `member`.
template <typename T>
T parse_single(Request& request, std::string_view name, std::string T::* member) {
  need_one_argument(request, name);
  request.flags.parse();
  auto command = make_command<T>(request);
  command.*member = request.arguments[0];
  return command;
}

/// STOPSIGNAL takes any flag without a word.
StopSignalCommand parse_stop_signal(Request& request) {
  need_one_argument(request, "STOPSIGNAL");
  auto command = make_command<StopSignalCommand>(request);
  command.signal = request.arguments[0];
  return command;
}

ExposeCommand parse_expose(Request& request) {
  need_arguments(request, "EXPOSE");
  request.flags.parse();
  auto command = make_command<ExposeCommand>(request);
  command.ports = request.arguments;
  std::sort(command.ports.begin(), command.ports.end());
  return command;
}

VolumeCommand parse_volume(Request& request) {
  need_arguments(request, "VOLUME");
  request.flags.parse();
  auto command = make_command<VolumeCommand>(request);
  for (const std::string& argument : request.arguments) {
    const std::string_view volume = base::trim_space(argument);
    if (volume.empty()) fail_instruction("VOLUME specified can not be an empty string");
    command.volumes.emplace_back(volume);
  }
  return command;
}

/// What stands behind ONBUILD and the blanks around it.
std::string_view behind_onbuild(std::string_view line) {
  static constexpr std::string_view kBlanks = "\t\n\f\r ";
  static constexpr std::string_view kWord = "ONBUILD";
  const auto start = std::min(line.find_first_not_of(kBlanks), line.size());
  if (base::upper(line.substr(start, kWord.size())) != kWord) return line;
  const std::string_view rest = line.substr(start + kWord.size());
  return rest.substr(std::min(rest.find_first_not_of(kBlanks), rest.size()));
}

OnbuildCommand parse_onbuild(Request& request) {
  need_arguments(request, "ONBUILD");
  request.flags.parse();
  const std::string trigger = base::upper_runes(base::trim_space(request.arguments[0]));
  if (trigger == "ONBUILD") fail_instruction("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger == "MAINTAINER" || trigger == "FROM") {
    fail_instruction(base::format("{} isn't allowed as an ONBUILD trigger", trigger));
  }
  auto command = make_command<OnbuildCommand>(request);
  command.expression = behind_onbuild(request.statement.original);
  for (const Heredoc& heredoc : request.statement.heredocs) {
    command.expression += '\n' + heredoc.content + heredoc.name;
  }
  return command;
}

// ---- FROM ------------------------------------------------------------------------------------

bool is_stage_name(std::string_view name) {
  static constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz";
  static constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && kFirst.find(name[0]) != kFirst.npos && name.find_first_not_of(kRest) == name.npos;
}

std::string stage_name(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && base::equal_fold(arguments[1], "as")) {
    std::string name = base::lower_runes(arguments[2]);
    if (is_stage_name(name)) return name;
    fail_instruction(base::format("invalid name for build stage: {}, name can't start with a number or contain symbols",
                                  base::quote(arguments[2])));
  }
  if (arguments.size() != 1) fail_instruction("FROM requires either one or three arguments");
  return "";
}

Stage parse_from(Request& request) {
  Stage stage;
  stage.name = stage_name(request.arguments);
  const Flag& platform = request.flags.add_text("platform");
  request.flags.parse();
  stage.base_name = request.arguments[0];
  stage.platform = platform.value;
  stage.command = request.statement.command;
  stage.code = base::trim_space(request.statement.original);
  stage.location = request.location;
  stage.comments = request.statement.comments;
  stage.doc_comment = doc_comment(stage.comments, stage.name);
  return stage;
}

// ---- what is noticed on the way --------------------------------------------------------------

/// Passes findings on to the linter, if there is one.
class Notes {
 public:
  Notes(const Request& request, InstructionLint* lint) : request_(request), lint_(lint) {}

  void before_from() const {
    const auto& arguments = request_.arguments;
    if (arguments.size() == 3 && arguments[2] != base::lower_runes(arguments[2])) {
      found("StageNameCasing", base::format("Stage name '{}' should be lowercase", arguments[2]));
    }
    if (arguments.size() >= 3 && !same_case(request_.statement.command, arguments[1])) {
      found("FromAsCasing",
            base::format("'{}' and '{}' keywords' casing do not match", arguments[1], request_.statement.command));
    }
  }

  void maintainer() const {
    found("MaintainerDeprecated", "Maintainer instruction is deprecated in favor of using label");
  }

  /// The comment line above a definition should begin with the name of what is defined.
  void description(std::string_view instruction, const std::vector<std::string>& names) const {
    const auto& comments = request_.statement.comments;
    if (comments.empty() || names.empty()) return;
    const std::string word = comments.back().substr(0, comments.back().find(' '));
    if (std::find(names.begin(), names.end(), word) != names.end()) return;
    found("InvalidDefinitionDescription", base::format("Comment for {} should follow the format: `# {} <description>`",
                                                       instruction, names.size() > 1 ? "<arg_key>" : names[0]));
  }

 private:
  void found(std::string_view rule, const std::string& message) const {
    if (lint_ != nullptr) lint_->found(rule, message, request_.location, request_.statement.comments);
  }

  /// A FROM in mixed case is another rule's business.
  static bool same_case(const std::string& from, const std::string& as) {
    if (from == base::lower_runes(from)) return as == base::lower_runes(as);
    return from != base::upper_runes(from) || as == base::upper_runes(as);
  }

  const Request& request_;
  InstructionLint* lint_;
};

Instruction parse_request(Request& request, const Notes& notes) {
  const std::string name = base::lower_runes(request.statement.command);
  if (name == "from") {
    notes.before_from();
    Stage stage = parse_from(request);
    if (!stage.name.empty()) notes.description("FROM", {stage.name});
    return stage;
  }
  if (name == "arg") {
    ArgCommand command = parse_arg(request);
    std::vector<std::string> keys;
    for (const KeyOptionalValue& arg : command.args) keys.push_back(arg.key);
    notes.description("ARG", keys);
    return command;
  }
  if (name == "maintainer") {
    notes.maintainer();
    return parse_single(request, "MAINTAINER", &MaintainerCommand::maintainer);
  }
  if (name == "add") return parse_add(request);
  if (name == "cmd") return parse_cmd(request);
  if (name == "copy") return parse_copy(request);
  if (name == "entrypoint") return parse_entrypoint(request);
  if (name == "env") return parse_env(request);
  if (name == "expose") return parse_expose(request);
  if (name == "healthcheck") return parse_healthcheck(request);
  if (name == "label") return parse_label(request);
  if (name == "onbuild") return parse_onbuild(request);
  if (name == "run") return parse_run(request);
  if (name == "shell") return parse_shell(request);
  if (name == "stopsignal") return parse_stop_signal(request);
  if (name == "user") return parse_single(request, "USER", &UserCommand::user);
  if (name == "volume") return parse_volume(request);
  if (name == "workdir") return parse_single(request, "WORKDIR", &WorkdirCommand::path);
  const std::string& command = request.statement.command;
  fail_instruction(
      with_suggestion("unknown instruction: " + command, command, instruction_names(), LetterCase::ignore));
}

void add_to_program(Program& program, Instruction instruction, const Ranges& location) {
  if (auto* stage = std::get_if<Stage>(&instruction)) {
    program.stages.push_back(std::move(*stage));
    return;
  }
  auto& command = std::get<Command>(instruction);
  if (!program.stages.empty()) {
    program.stages.back().commands.push_back(std::move(command));
  } else if (auto* arg = std::get_if<ArgCommand>(&command)) {
    program.meta_args.push_back(std::move(*arg));
  } else {
    fail_at(location, "no build stage in current context");
  }
}

}  // namespace

Instruction parse_instruction(const Statement& statement, InstructionLint* lint) {
  Request request(statement);
  return with_location(request.location, [&] { return parse_request(request, Notes(request, lint)); });
}

Command parse_command(const Statement& statement) {
  Instruction instruction = parse_instruction(statement);
  if (auto* command = std::get_if<Command>(&instruction)) return std::move(*command);
  fail_at(statement.location(), "*instructions.Stage is not a command type");
}

Program parse_instructions(const std::vector<Statement>& statements, InstructionLint* lint) {
  Program program;
  for (const Statement& statement : statements) {
    Instruction instruction = base::with_context([&] { return parse_instruction(statement, lint); },
                                                 "dockerfile parse error on line {}", statement.start_line);
    add_to_program(program, std::move(instruction), statement.location());
  }
  return program;
}

}  // namespace dockerfile
