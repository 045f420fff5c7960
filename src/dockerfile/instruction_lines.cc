// SPDX-License-Identifier: Apache-2.0
// Instructions that hold a command line: RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK.
#include "base/strings.h"
#include "dockerfile/go_values.h"
#include "dockerfile/instruction_request.h"
#include "dockerfile/run_mount.h"

namespace dockerfile {
namespace {

constexpr std::int64_t kMinInterval = 1'000'000;

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

std::int64_t health_interval(const Flag& flag) {
  if (flag.value.empty()) return 0;
  const std::int64_t interval = parse_duration(flag.value);
  if (interval != 0 && interval < kMinInterval) {
    fail_instruction(base::format("Interval {} cannot be less than 1ms", base::quote(flag.name)));
  }
  return interval;
}

int health_retries(const Flag& flag) {
  if (flag.value.empty()) return 0;
  const auto fail_number = [&](std::string_view why) {
    fail_instruction(base::format("strconv.ParseInt: parsing {}: {}", base::quote(flag.value), why));
  };
  const bool sign = flag.value[0] == '-' || flag.value[0] == '+';
  const std::string_view digits = std::string_view(flag.value).substr(sign ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) fail_number("invalid syntax");
  const auto retries = base::parse_int(flag.value);
  if (!retries || *retries < INT32_MIN || *retries > INT32_MAX) fail_number("value out of range");
  if (*retries < 0) fail_instruction(base::format("--retries cannot be negative ({})", *retries));
  return static_cast<int>(*retries);
}

void read_health_flags(Request& request, Healthcheck& health, const std::string& kind) {
  const Flag& interval = request.flags.add_text("interval");
  const Flag& timeout = request.flags.add_text("timeout");
  const Flag& start_period = request.flags.add_text("start-period");
  const Flag& start_interval = request.flags.add_text("start-interval");
  const Flag& retries = request.flags.add_text("retries");
  request.flags.parse();
  if (kind != "CMD") fail_instruction(base::format("Unknown type {} in HEALTHCHECK (try CMD)", base::quote(kind)));
  auto line = line_arguments({request.arguments.begin() + 1, request.arguments.end()}, request.statement);
  if (line.empty()) fail_instruction("Missing command after HEALTHCHECK CMD");
  health.test = {request.statement.json ? "CMD" : "CMD-SHELL"};
  health.test.insert(health.test.end(), line.begin(), line.end());
  health.interval = health_interval(interval);
  health.timeout = health_interval(timeout);
  health.start_period = health_interval(start_period);
  health.start_interval = health_interval(start_interval);
  health.retries = health_retries(retries);
}

}  // namespace

RunCommand parse_run(Request& request) {
  const Flag& device = request.flags.add_list("device");
  const Flag& mount = request.flags.add_list("mount");
  const Flag& network = request.flags.add_text("network", "default");
  const Flag& security = request.flags.add_text("security", "sandbox");
  request.flags.parse();
  auto command = make_command<RunCommand>(request);
  command.flags_used = request.flags.used();
  command.line = command_line(request);
  for (const std::string& text : device.values) command.devices.push_back(parse_device(text));
  for (const std::string& text : mount.values) check_mount(text);
  command.mount_flags = mount.values;
  command.network = network.value;
  if (network.value != "default" && network.value != "none" && network.value != "host") {
    fail_instruction("invalid network mode " + base::quote(network.value));
  }
  command.security = security.value;
  if (security.value != "sandbox" && security.value != "insecure") {
    fail_instruction("security " + base::quote(security.value) + " is not valid");
  }
  return command;
}

CmdCommand parse_cmd(Request& request) {
  request.flags.parse();
  auto command = make_command<CmdCommand>(request);
  command.line = command_line(request);
  return command;
}

EntrypointCommand parse_entrypoint(Request& request) {
  request.flags.parse();
  auto command = make_command<EntrypointCommand>(request);
  command.line = command_line(request);
  command.line.absent = command.line.arguments.empty();
  return command;
}

ShellCommand parse_shell(Request& request) {
  request.flags.parse();
  auto command = make_command<ShellCommand>(request);
  command.shell = line_arguments(request.arguments, request.statement);
  if (command.shell.empty()) fail_instruction("SHELL requires at least one argument");
  if (!request.statement.json) fail_instruction("SHELL requires the arguments to be in JSON form");
  return command;
}

HealthcheckCommand parse_healthcheck(Request& request) {
  need_arguments(request, "HEALTHCHECK");
  auto command = make_command<HealthcheckCommand>(request);
  const std::string kind = base::upper_runes(request.arguments[0]);
  if (kind != "NONE") {
    read_health_flags(request, command.health, kind);
  } else if (request.arguments.size() > 1) {
    fail_instruction("HEALTHCHECK NONE takes no arguments");
  } else {
    command.health.test = {kind};
  }
  return command;
}

}  // namespace dockerfile
