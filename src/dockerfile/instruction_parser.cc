// SPDX-License-Identifier: Apache-2.0
// From statements to typed instructions. The order of the checks is BuildKit's: it decides which of
// several faults is reported.
#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/flags.h"
#include "dockerfile/go_values.h"
#include "dockerfile/instructions.h"
#include "dockerfile/run_mount.h"
#include "dockerfile/suggest.h"

namespace dockerfile {
namespace {

constexpr std::int64_t kMinInterval = 1'000'000;

/// Everything the parsing of one instruction starts from.
struct Request {
  explicit Request(const Statement& source)
      : statement(source), arguments(source.flat_arguments()), flags(source.flags), location(source.location()) {}

  const Statement& statement;
  std::vector<std::string> arguments;
  FlagSet flags;
  Ranges location;
};

[[noreturn]] void fail(std::string text) { throw base::Error(base::Code::invalid_argument, std::move(text)); }

void need_arguments(const Request& request, std::string_view name) {
  if (request.arguments.empty()) fail(base::format("{} requires at least one argument", name));
}

void need_one_argument(const Request& request, std::string_view name) {
  if (request.arguments.size() != 1) fail(base::format("{} requires exactly one argument", name));
}

[[noreturn]] void fail_blank_name(std::string_view name) { fail(base::format("{} names can not be blank", name)); }

template <typename T>
T make(const Request& request) {
  T command;
  command.code = base::trim_space(request.statement.original);
  command.name = request.statement.command;
  command.location = request.location;
  command.comments = request.statement.comments;
  return command;
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
  if (arguments.size() % 3 != 0) fail(base::format("Bad input to {}, too many arguments", name));
  std::vector<KeyValue> pairs;
  for (std::size_t i = 0; i < arguments.size(); i += 3) {
    if (arguments[i].empty()) fail_blank_name(name);
    pairs.push_back({arguments[i], arguments[i + 1], arguments[i + 2].empty()});
  }
  return pairs;
}

EnvCommand parse_env(Request& request) {
  request.flags.parse();
  auto command = make<EnvCommand>(request);
  command.env = key_values(request, "ENV");
  return command;
}

LabelCommand parse_label(Request& request) {
  request.flags.parse();
  auto command = make<LabelCommand>(request);
  command.labels = key_values(request, "LABEL");
  return command;
}

ArgCommand parse_arg(Request& request) {
  need_arguments(request, "ARG");
  auto command = make<ArgCommand>(request);
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

// ---- files -----------------------------------------------------------------------------------

SourcesAndDest sources_and_dest(const Request& request, std::string_view name) {
  SourcesAndDest result;
  result.dest = request.arguments.back();
  if (heredoc_or_nothing(result.dest)) fail(base::format("{} cannot accept a heredoc as a destination", name));
  for (std::size_t i = 0; i + 1 < request.arguments.size(); ++i) {
    const std::string& source = request.arguments[i];
    const auto heredoc = heredoc_or_nothing(source);
    if (!heredoc) {
      result.paths.push_back(source);
      continue;
    }
    // The last heredoc of a name is the one that counts.
    const auto& all = request.statement.heredocs;
    const auto found =
        std::find_if(all.rbegin(), all.rend(), [&](const Heredoc& it) { return it.name == heredoc->name; });
    std::string content = found == all.rend() ? "" : found->content;
    if (heredoc->chomp) content = chomp_heredoc(content);
    result.contents.push_back({.path = heredoc->name, .data = std::move(content), .expand = heredoc->expand});
  }
  return result;
}

void need_destination(const Request& request, std::string_view name) {
  if (request.arguments.size() >= 2) return;
  fail(base::format("{} requires at least two arguments, but only one was provided. "
                    "Destination could not be determined",
                    name));
}

std::optional<bool> given_bool(const Flag& flag) { return flag.used ? std::optional(flag.is_true()) : std::nullopt; }

AddCommand parse_add(Request& request) {
  need_destination(request, "ADD");
  const Flag& chown = request.flags.add_text("chown");
  const Flag& chmod = request.flags.add_text("chmod");
  const Flag& link = request.flags.add_bool("link");
  const Flag& keep_git_dir = request.flags.add_bool("keep-git-dir");
  const Flag& checksum = request.flags.add_text("checksum");
  const Flag& unpack = request.flags.add_bool("unpack");
  const Flag& exclude = request.flags.add_list("exclude");
  request.flags.parse();
  auto command = make<AddCommand>(request);
  command.sources = sources_and_dest(request, "ADD");
  command.chown = chown.value;
  command.chmod = chmod.value;
  command.link = link.is_true();
  command.excludes = exclude.values;
  command.keep_git_dir = given_bool(keep_git_dir);
  command.checksum = checksum.value;
  command.unpack = given_bool(unpack);
  return command;
}

CopyCommand parse_copy(Request& request) {
  need_destination(request, "COPY");
  const Flag& chown = request.flags.add_text("chown");
  const Flag& from = request.flags.add_text("from");
  const Flag& chmod = request.flags.add_text("chmod");
  const Flag& link = request.flags.add_bool("link");
  const Flag& exclude = request.flags.add_list("exclude");
  const Flag& parents = request.flags.add_bool("parents");
  request.flags.parse();
  auto command = make<CopyCommand>(request);
  command.sources = sources_and_dest(request, "COPY");
  command.from = from.value;
  command.chown = chown.value;
  command.chmod = chmod.value;
  command.link = link.is_true();
  command.excludes = exclude.values;
  command.parents = parents.is_true();
  return command;
}

// ---- command lines ---------------------------------------------------------------------------

/// Exec form as it is; shell form as one string.
std::vector<std::string> line_arguments(std::vector<std::string> arguments, const Statement& statement) {
  if (arguments.empty() || statement.json) return arguments;
  return {base::join(arguments, " ")};
}

CommandLine command_line(const Request& request) {
  CommandLine line;
  for (const Heredoc& heredoc : request.statement.heredocs) {
    line.files.push_back({.name = heredoc.name, .data = heredoc.content, .chomp = heredoc.chomp});
  }
  line.arguments = line_arguments(request.arguments, request.statement);
  line.prepend_shell = !request.statement.json;
  return line;
}

RunCommand parse_run(Request& request) {
  const Flag& device = request.flags.add_list("device");
  const Flag& mount = request.flags.add_list("mount");
  const Flag& network = request.flags.add_text("network", "default");
  const Flag& security = request.flags.add_text("security", "sandbox");
  request.flags.parse();
  auto command = make<RunCommand>(request);
  command.flags_used = request.flags.used();
  command.line = command_line(request);
  for (const std::string& text : device.values) command.devices.push_back(parse_device(text));
  for (const std::string& text : mount.values) check_mount(text);
  command.mount_flags = mount.values;
  command.network = network.value;
  if (network.value != "default" && network.value != "none" && network.value != "host") {
    fail("invalid network mode " + base::quote(network.value));
  }
  command.security = security.value;
  if (security.value != "sandbox" && security.value != "insecure") {
    fail("security " + base::quote(security.value) + " is not valid");
  }
  return command;
}

CmdCommand parse_cmd(Request& request) {
  request.flags.parse();
  auto command = make<CmdCommand>(request);
  command.line = command_line(request);
  return command;
}

EntrypointCommand parse_entrypoint(Request& request) {
  request.flags.parse();
  auto command = make<EntrypointCommand>(request);
  command.line = command_line(request);
  command.line.absent = command.line.arguments.empty();
  return command;
}

ShellCommand parse_shell(Request& request) {
  request.flags.parse();
  auto command = make<ShellCommand>(request);
  command.shell = line_arguments(request.arguments, request.statement);
  if (command.shell.empty()) fail("SHELL requires at least one argument");
  if (!request.statement.json) fail("SHELL requires the arguments to be in JSON form");
  return command;
}

std::int64_t health_interval(const Flag& flag) {
  if (flag.value.empty()) return 0;
  const std::int64_t interval = parse_duration(flag.value);
  if (interval != 0 && interval < kMinInterval) {
    fail(base::format("Interval {} cannot be less than 1ms", base::quote(flag.name)));
  }
  return interval;
}

int health_retries(const Flag& flag) {
  if (flag.value.empty()) return 0;
  const auto fail_number = [&](std::string_view why) {
    fail(base::format("strconv.ParseInt: parsing {}: {}", base::quote(flag.value), why));
  };
  const bool sign = flag.value[0] == '-' || flag.value[0] == '+';
  const std::string_view digits = std::string_view(flag.value).substr(sign ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) fail_number("invalid syntax");
  const auto retries = base::parse_int(flag.value);
  if (!retries || *retries < INT32_MIN || *retries > INT32_MAX) fail_number("value out of range");
  if (*retries < 0) fail(base::format("--retries cannot be negative ({})", *retries));
  return static_cast<int>(*retries);
}

void read_health_flags(Request& request, Healthcheck& health, const std::string& kind) {
  const Flag& interval = request.flags.add_text("interval");
  const Flag& timeout = request.flags.add_text("timeout");
  const Flag& start_period = request.flags.add_text("start-period");
  const Flag& start_interval = request.flags.add_text("start-interval");
  const Flag& retries = request.flags.add_text("retries");
  request.flags.parse();
  if (kind != "CMD") fail(base::format("Unknown type {} in HEALTHCHECK (try CMD)", base::quote(kind)));
  auto line = line_arguments({request.arguments.begin() + 1, request.arguments.end()}, request.statement);
  if (line.empty()) fail("Missing command after HEALTHCHECK CMD");
  health.test = {request.statement.json ? "CMD" : "CMD-SHELL"};
  health.test.insert(health.test.end(), line.begin(), line.end());
  health.interval = health_interval(interval);
  health.timeout = health_interval(timeout);
  health.start_period = health_interval(start_period);
  health.start_interval = health_interval(start_interval);
  health.retries = health_retries(retries);
}

HealthcheckCommand parse_healthcheck(Request& request) {
  need_arguments(request, "HEALTHCHECK");
  auto command = make<HealthcheckCommand>(request);
  const std::string kind = base::upper_runes(request.arguments[0]);
  if (kind != "NONE") {
    read_health_flags(request, command.health, kind);
  } else if (request.arguments.size() > 1) {
    fail("HEALTHCHECK NONE takes no arguments");
  } else {
    command.health.test = {kind};
  }
  return command;
}

// ---- single values ---------------------------------------------------------------------------

/// An instruction with exactly one argument, stored in `member`.
template <typename T>
T parse_single(Request& request, std::string_view name, std::string T::*member) {
  need_one_argument(request, name);
  request.flags.parse();
  auto command = make<T>(request);
  command.*member = request.arguments[0];
  return command;
}

/// STOPSIGNAL takes any flag without a word.
StopSignalCommand parse_stop_signal(Request& request) {
  need_one_argument(request, "STOPSIGNAL");
  auto command = make<StopSignalCommand>(request);
  command.signal = request.arguments[0];
  return command;
}

ExposeCommand parse_expose(Request& request) {
  need_arguments(request, "EXPOSE");
  request.flags.parse();
  auto command = make<ExposeCommand>(request);
  command.ports = request.arguments;
  std::sort(command.ports.begin(), command.ports.end());
  return command;
}

VolumeCommand parse_volume(Request& request) {
  need_arguments(request, "VOLUME");
  request.flags.parse();
  auto command = make<VolumeCommand>(request);
  for (const std::string& argument : request.arguments) {
    const std::string_view volume = base::trim_space(argument);
    if (volume.empty()) fail("VOLUME specified can not be an empty string");
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
  if (trigger == "ONBUILD") fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger == "MAINTAINER" || trigger == "FROM") {
    fail(base::format("{} isn't allowed as an ONBUILD trigger", trigger));
  }
  auto command = make<OnbuildCommand>(request);
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
    fail(base::format("invalid name for build stage: {}, name can't start with a number or contain symbols",
                      base::quote(arguments[2])));
  }
  if (arguments.size() != 1) fail("FROM requires either one or three arguments");
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
      found("FromAsCasing", base::format("'{}' and '{}' keywords' casing do not match", arguments[1],
                                         request_.statement.command));
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
    found("InvalidDefinitionDescription",
          base::format("Comment for {} should follow the format: `# {} <description>`", instruction,
                       names.size() > 1 ? "<arg_key>" : names[0]));
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
  fail(with_suggestion("unknown instruction: " + command, command, instruction_names(), LetterCase::ignore));
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
    Instruction instruction =
        base::with_context([&] { return parse_instruction(statement, lint); }, "dockerfile parse error on line {}",
                           statement.start_line);
    add_to_program(program, std::move(instruction), statement.location());
  }
  return program;
}

}  // namespace dockerfile
