// SPDX-License-Identifier: Apache-2.0
// Commands that only change the config, and WORKDIR. RUN, COPY and ADD have files of their own.
#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/convert_paths.h"
#include "dockerfile/convert_ports.h"
#include "dockerfile/convert_scan.h"
#include "dockerfile/convert_stages.h"
#include "dockerfile/convert_text.h"

namespace dockerfile {

namespace {

std::vector<std::string> with_shell(const ImageConfig& image, const std::vector<std::string>& args) {
  auto line = image.shell;
  if (line.empty()) {
    line = image.platform.os == "windows" ? std::vector<std::string>{"cmd", "/S", "/C"}
                                          : std::vector<std::string>{"/bin/sh", "-c"};
  }
  line.push_back(base::join(args, " "));
  return line;
}

void set_workdir(StageState& stage, const std::string& path) {
  const auto os = stage.platform ? stage.platform->os : "";
  const auto dir =
      base::with_context([&] { return normalize_workdir(stage.image.working_dir, path, os); }, "normalizing workdir");
  stage.image.working_dir = dir;
  stage.state = stage.state.with_dir(with_slashes(dir, os));
}

void report_legacy_form(const CommandBase& command, const Lint& lint) {
  lint.report("LegacyKeyValueFormat",
              base::format("\"{} key=value\" should be used instead of legacy \"{} key value\" format", command.name,
                           command.name),
              command.location);
}

bool is_signal(std::string_view text) {
  static const std::set<std::string, std::less<>> kNames = {
      "ABRT", "ALRM", "BUS",  "CHLD", "CLD",  "CONT", "FPE",    "HUP",    "ILL",  "INT",  "IO",    "IOT",
      "KILL", "PIPE", "POLL", "PROF", "PWR",  "QUIT", "SEGV",   "STKFLT", "STOP", "SYS",  "TERM",  "TRAP",
      "TSTP", "TTIN", "TTOU", "URG",  "USR1", "USR2", "VTALRM", "WINCH",  "XCPU", "XFSZ", "RTMIN", "RTMAX"};
  auto digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (const auto number = base::parse_int(digits)) return *number != 0;
  auto name = base::upper_runes(text);
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (kNames.contains(name)) return true;
  const bool from_min = name.starts_with("RTMIN+");
  if (!from_min && !name.starts_with("RTMAX-")) return false;
  const auto offset = std::string_view(name).substr(6);
  const auto number = base::parse_int(offset);
  return number && *number >= 1 && *number <= (from_min ? 15 : 14) && offset.front() != '0';
}

/// One per instruction; each ends with its line in the history.
struct Dispatcher {
  StageState& stage;
  StageCommand& command;
  const DispatchContext& context;
  const Lint& lint;

  ImageConfig& image() const { return stage.image; }
  void commit(std::string text, LayerKind kind = LayerKind::empty) const {
    stage.image.add_history(std::move(text), kind, context.created());
  }

  void operator()(EnvCommand& env) const {
    std::string text = "ENV";
    for (const auto& entry : env.env) {
      if (entry.no_delimiter) report_legacy_form(env, lint);
      check_secret_name("ENV", entry.key, env.location, lint);
      text += " " + entry.text();
      stage.state = stage.state.with_env(entry.key, entry.value);
      image().env.set(entry.key, entry.value);
    }
    commit(std::move(text));
  }

  void operator()(LabelCommand& label) const {
    std::string text = "LABEL";
    for (const auto& entry : label.labels) {
      if (entry.no_delimiter) report_legacy_form(label, lint);
      image().labels[entry.key] = entry.value;
      text += " " + entry.text();
    }
    commit(std::move(text));
  }

  void operator()(ArgCommand& command_args) const {
    std::string text = "ARG ";
    bool first = true;
    for (auto& arg : command_args.args) {
      check_secret_name("ARG", arg.key, command_args.location, lint);
      const auto origin = set_arg(command_args, arg);
      if (stage.parameters) note_arg(*stage.parameters, command_args, arg, origin);
      if (arg.value && !is_scan_setting(arg.key)) stage.state = stage.state.with_env(arg.key, *arg.value);
      stage.build_args.set(arg);
      if (!first) text += " ";
      first = false;
      text += arg.key;
      if (arg.value) text += "=" + *arg.value;
    }
    commit(std::move(text));
  }

  enum class ArgOrigin : bool { own, global };

  /// The option's value, else the default, else the global ARG's value.
  ArgOrigin set_arg(const ArgCommand& command_args, KeyOptionalValue& arg) const {
    if (const auto given = context.build_args.find(arg.key); given != context.build_args.end()) {
      arg.value = given->second;
    } else if (arg.value) {
      const StateEnvironment env(stage.state);
      auto word = context.shell.expand(*arg.value, env);
      check_unmatched(command_args, stage, env, std::move(word.unmatched), lint);
      arg.value = std::move(word.text);
    } else if (auto global = context.global_args.get(arg.key)) {
      arg.value = std::move(global);
      return ArgOrigin::global;
    }
    return ArgOrigin::own;
  }

  static void note_arg(StageParameters& parameters, const ArgCommand& command_args, const KeyOptionalValue& arg,
                       ArgOrigin origin) {
    parameters.used_args.insert(arg.key);
    if (origin == ArgOrigin::global) return;  // described where it is declared
    parameters.args[arg.key] = {arg.key, arg.value.value_or(""), arg.doc_comment, command_args.location, {}};
  }

  void operator()(MaintainerCommand& maintainer) const {
    image().author = maintainer.maintainer;
    commit("MAINTAINER " + maintainer.maintainer);
  }

  void operator()(AddCommand& add) const { dispatch_add(stage, add, context); }
  void operator()(CopyCommand& copy) const { dispatch_copy(stage, command, copy, context); }
  void operator()(RunCommand& run) const { dispatch_run(stage, command, run, context); }

  void operator()(CmdCommand& cmd) const {
    check_once(cmd, stage.cmd, lint);
    check_json_form(cmd, cmd.line, image(), lint);
    image().cmd = cmd.line.prepend_shell ? with_shell(image(), cmd.line.arguments) : cmd.line.arguments;
    image().args_escaped = true;
    commit("CMD " + quoted_list(image().cmd));
  }

  void operator()(EntrypointCommand& entrypoint) const {
    check_once(entrypoint, stage.entrypoint, lint);
    check_json_form(entrypoint, entrypoint.line, image(), lint);
    image().entrypoint =
        entrypoint.line.prepend_shell ? with_shell(image(), entrypoint.line.arguments) : entrypoint.line.arguments;
    // A base image's CMD was meant for its own ENTRYPOINT.
    if (!stage.cmd.set) image().cmd.clear();
    commit("ENTRYPOINT " + quoted_list(image().entrypoint));
  }

  void operator()(HealthcheckCommand& health) const {
    check_once(health, stage.healthcheck, lint);
    const auto& from = health.health;
    image().healthcheck =
        HealthConfig{from.test, from.interval, from.timeout, from.start_period, from.start_interval, from.retries};
    commit("HEALTHCHECK " + health_text(*image().healthcheck));
  }

  void operator()(ExposeCommand& expose) const {
    const StateEnvironment env(stage.state);
    std::vector<std::string> words;
    for (const auto& port : expose.ports) {
      for (auto& word : context.shell.split(port, env)) words.push_back(std::move(word));
    }
    std::vector<std::string> ports;
    for (const auto& word : words) {
      auto parsed = parse_exposed_port(word);
      if (parsed.upper_case_protocol) {
        lint.report("ExposeProtoCasing",
                    base::format("Defined protocol '{}' in EXPOSE instruction should be lowercase", word),
                    expose.location);
      }
      if (parsed.has_host_part) {
        lint.report(
            "ExposeInvalidFormat",
            base::format("EXPOSE instruction should not define an IP address or host-port mapping, found '{}'", word),
            expose.location);
      }
      for (auto& port : parsed.ports) ports.push_back(std::move(port));
    }
    image().exposed_ports.insert(ports.begin(), ports.end());
    commit("EXPOSE " + plain_list(ports));
  }

  void operator()(VolumeCommand& volume) const {
    for (const auto& path : volume.volumes) {
      if (path.empty()) base::fail(base::Code::invalid_argument, "VOLUME specified can not be an empty string");
      image().volumes.insert(path);
    }
    commit("VOLUME " + plain_list(volume.volumes));
  }

  void operator()(UserCommand& user) const {
    stage.state = stage.state.with_user(user.user);
    image().user = user.user;
    commit("USER " + user.user);
  }

  void operator()(WorkdirCommand& workdir) const {
    const auto os = stage.platform ? stage.platform->os : "";
    if (!stage.workdir_set && !is_absolute_on(workdir.path, os)) {
      lint.report("WorkdirRelativePath",
                  base::format("Relative workdir {} can have unexpected results if the base image changes",
                               base::quote(workdir.path)),
                  workdir.location);
    }
    stage.workdir_set = true;
    set_workdir(stage, workdir.path);
    const auto dir = with_slashes(image().working_dir, os);
    if (dir != "/") make_directory(workdir, dir);
    commit("WORKDIR " + dir, dir == "/" ? LayerKind::empty : LayerKind::layer);
  }

  void make_directory(const WorkdirCommand& workdir, const std::string& dir) const {
    llb::MkdirStep mkdir{.path = dir, .make_parents = true};
    if (!image().user.empty()) mkdir.owner = llb::FileOwner::parse(image().user);
    if (context.epoch) mkdir.created = context.epoch->nanoseconds();
    const StateEnvironment env(stage.state);
    llb::OpOptions op;
    op.name(step_name(stage, shown_text(context.shell, workdir.code, env), context.config,
                      stage.platform ? stage.platform : context.target_platform, env));
    op.locations = context.at(workdir.location);
    stage.state = stage.state.file({std::move(mkdir)}, std::move(op));
  }

  void operator()(StopSignalCommand& stop) const {
    if (!is_signal(stop.signal)) base::fail(base::Code::invalid_argument, "invalid signal: {}", stop.signal);
    image().stop_signal = stop.signal;
    commit("STOPSIGNAL " + stop.signal);
  }

  void operator()(ShellCommand& shell) const {
    image().shell = shell.shell;
    commit("SHELL " + plain_list(shell.shell));
  }

  void operator()(OnbuildCommand& onbuild) const { image().onbuild.push_back(onbuild.expression); }
};

/// Replaces variables in the command's words.
void expand_words(StageState& stage, StageCommand& command, const DispatchContext& context) {
  // ARG may not come to need its default: it is expanded when it does.
  if (std::holds_alternative<ArgCommand>(command.command)) return;
  const auto& base = base_of(command.command);
  const StateEnvironment env(stage.state);
  const auto expand_with = [&](const ShellWords& shell) {
    return [&, shell](std::string_view word) {
      auto expanded = shell.expand(word, env);
      check_unmatched(base, stage, env, std::move(expanded.unmatched), *context.lint);
      return std::move(expanded.text);
    };
  };
  expand(command.command, expand_with(context.shell));
  const auto raw = expand_with(ShellWords(U'\\', {.skip_process_quotes = true}));
  if (auto* copy = std::get_if<CopyCommand>(&command.command)) copy->expand_contents(raw);
  if (auto* add = std::get_if<AddCommand>(&command.command)) add->expand_contents(raw);
}

}  // namespace

void inherit_workdir(StageState& stage) {
  if (!stage.image.working_dir.empty()) set_workdir(stage, stage.image.working_dir);
  if (!stage.image.user.empty()) stage.state = stage.state.with_user(stage.image.user);
}

llb::State inline_file(const StageState& stage, const DispatchContext& context, const std::string& path,
                       std::uint32_t mode, const std::string& data) {
  llb::OpOptions op;
  op.platform = stage.platform;
  op.name("[internal] preparing inline document");
  return context.builder.scratch().file({llb::MkfileStep{.path = path, .mode = mode, .data = data}}, std::move(op));
}

void dispatch(StageState& stage, StageCommand& command, const DispatchContext& context) {
  stage.in_onbuild = command.is_onbuild;
  const auto& comments = base_of(command.command).comments;
  if (context.lint->enabled() && !comments.empty()) {
    const auto lint = context.lint->with_comments(comments);
    auto own = context;
    own.lint = &lint;
    expand_words(stage, command, own);
    std::visit(Dispatcher{stage, command, own, lint}, command.command);
    return;
  }
  expand_words(stage, command, context);
  std::visit(Dispatcher{stage, command, context, *context.lint}, command.command);
}

}  // namespace dockerfile
