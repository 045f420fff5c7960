// SPDX-License-Identifier: Apache-2.0
#pragma once
// Typed instructions: what the statements of a Dockerfile mean, variables not yet replaced.
//
//     ParsedFile file = parse_dockerfile(text);
//     Program program = parse_instructions(file.statements, nullptr);
//     for (Stage& stage : program.stages)
//       for (Command& command : stage.commands)
//         std::visit(overloaded{[&](RunCommand& run) { … }, [&](CopyCommand& copy) { … }, …}, command);
//
// Lifecycle: parsed once, then expanded in place: commands that take variables have
// `expand(expander)`, called by the conversion when the stage's environment at that line is known
// (so copy the command if it is expanded more than once). COPY and ADD also have `expand_contents`
// for heredoc bodies, whose expander must keep quotes and escapes. Commands without expand() (CMD,
// ENTRYPOINT, EXPOSE, HEALTHCHECK, MAINTAINER, ONBUILD, SHELL) are not the builder's to expand here.
// Failure: throws LocatedError with BuildKit's texts; "did you mean" included.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dockerfile/parser.h"
#include "dockerfile/source_errors.h"

namespace dockerfile {

/// Turns one word into one word; throws when it cannot.
using WordExpander = std::function<std::string(std::string_view word)>;

/// What every command has.
struct CommandBase {
  std::string code;  ///< source text: the joined line, trimmed
  std::string name;  ///< as written: "RUN", "run"
  Ranges location;
  std::vector<std::string> comments;  ///< comment lines above, see Statement
};

// ---- parts -----------------------------------------------------------------------------------

struct KeyValue {
  std::string key;
  std::string value;
  bool no_delimiter = false;  ///< written as `KEY value`, the legacy form
  std::string text() const { return key + "=" + value; }
};

struct KeyOptionalValue {
  std::string key;
  std::optional<std::string> value;
  std::string doc_comment;  ///< from a comment line `# KEY what it is`
  std::string text() const { return key + "=" + value.value_or(""); }
};

/// A heredoc given as a source of COPY or ADD.
struct SourceContent {
  std::string path;  ///< the heredoc's name
  std::string data;
  bool expand = false;
};

struct SourcesAndDest {
  std::string dest;
  std::vector<std::string> paths;
  std::vector<SourceContent> contents;
};

/// A heredoc of RUN, as a file for the shell.
struct InlineFile {
  std::string name;
  std::string data;
  bool chomp = false;
};

/// A command line that the stage's shell may have to be put in front of.
struct CommandLine {
  std::vector<std::string> arguments;
  std::vector<InlineFile> files;
  bool prepend_shell = false;
  /// ENTRYPOINT without words is "none", not "empty": nothing is then set in the image.
  bool absent = false;
};

enum class MountType : std::uint8_t { bind, cache, tmpfs, secret, ssh };
std::string_view mount_type_name(MountType type);
enum class MountSharing : std::uint8_t { unset, shared, private_, locked };

/// One RUN --mount.
struct Mount {
  MountType type = MountType::bind;
  std::string from;
  std::string source;
  std::string target;
  bool readonly = false;
  std::int64_t size_limit = 0;
  std::string id;  ///< cache, secret or ssh id
  MountSharing sharing = MountSharing::unset;
  bool required = false;
  std::optional<std::string> env;  ///< secret as a variable; "" = named like the secret
  bool keyed_by_value = false;     ///< cache=value: another value of the secret makes another step (ours)
  std::optional<std::uint32_t> mode, uid, gid;
};

/// One RUN --device.
struct Device {
  std::string name;
  bool required = false;
};

struct Healthcheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", line}
  std::int64_t interval = 0;      ///< nanoseconds, 0 = inherit; the others too
  std::int64_t timeout = 0;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 0;
  int retries = 0;
};

// ---- commands --------------------------------------------------------------------------------

struct EnvCommand : CommandBase {
  std::vector<KeyValue> env;
  void expand(const WordExpander& expander);
};

struct LabelCommand : CommandBase {
  std::vector<KeyValue> labels;
  bool no_expand = false;
  void expand(const WordExpander& expander);
};

struct ArgCommand : CommandBase {
  std::vector<KeyOptionalValue> args;
  void expand(const WordExpander& expander);
};

struct MaintainerCommand : CommandBase {
  std::string maintainer;
};

struct AddCommand : CommandBase {
  SourcesAndDest sources;
  std::string chown;
  std::string chmod;
  bool link = false;
  std::vector<std::string> excludes;
  std::optional<bool> keep_git_dir;
  std::string checksum;
  std::optional<bool> unpack;
  void expand(const WordExpander& expander);
  void expand_contents(const WordExpander& raw_expander);
};

struct CopyCommand : CommandBase {
  SourcesAndDest sources;
  std::string from;
  std::string chown;
  std::string chmod;
  bool link = false;
  std::vector<std::string> excludes;
  bool parents = false;
  void expand(const WordExpander& expander);
  void expand_contents(const WordExpander& raw_expander);
};

struct RunCommand : CommandBase {
  CommandLine line;
  std::vector<std::string> flags_used;   ///< names, sorted: {"mount", "network"}
  std::vector<std::string> mount_flags;  ///< values of --mount as written
  /// Before expand() only checked as far as that goes; afterwards complete.
  std::vector<Mount> mounts;
  std::vector<Device> devices;
  std::string network = "default";   ///< "default", "none", "host"
  std::string security = "sandbox";  ///< "sandbox", "insecure"
  void expand(const WordExpander& expander);
};

struct CmdCommand : CommandBase {
  CommandLine line;
};

struct EntrypointCommand : CommandBase {
  CommandLine line;
};

struct HealthcheckCommand : CommandBase {
  Healthcheck health;
};

/// Ports as written, sorted by bytes; the conversion expands and checks them.
struct ExposeCommand : CommandBase {
  std::vector<std::string> ports;
};

struct VolumeCommand : CommandBase {
  std::vector<std::string> volumes;
  void expand(const WordExpander& expander);
};

struct UserCommand : CommandBase {
  std::string user;
  void expand(const WordExpander& expander);
};

struct WorkdirCommand : CommandBase {
  std::string path;
  void expand(const WordExpander& expander);
};

struct StopSignalCommand : CommandBase {
  std::string signal;
  void expand(const WordExpander& expander);
  /// Throws for "windows", which has no signals.
  void check_os(std::string_view os) const;
};

struct ShellCommand : CommandBase {
  std::vector<std::string> shell;
};

struct OnbuildCommand : CommandBase {
  std::string expression;  ///< the deferred instruction's text, heredocs appended
};

using Command =
    std::variant<EnvCommand, LabelCommand, ArgCommand, MaintainerCommand, AddCommand, CopyCommand, RunCommand,
                 CmdCommand, EntrypointCommand, HealthcheckCommand, ExposeCommand, VolumeCommand, UserCommand,
                 WorkdirCommand, StopSignalCommand, ShellCommand, OnbuildCommand>;

/// The part that all commands share.
const CommandBase& base_of(const Command& command);
/// Calls the command's expand(), if it has one. COPY and ADD: names only, not heredoc bodies.
void expand(Command& command, const WordExpander& expander);

/// A label that did not come from the Dockerfile; its values are taken as they are.
LabelCommand make_label(std::string key, std::string value);

/// FROM and everything up to the next FROM.
struct Stage {
  std::string name;       ///< lower case; "" when unnamed
  std::string base_name;  ///< image or stage, as written
  std::string platform;   ///< --platform, as written
  std::string command;    ///< "FROM", "from": as written
  std::string code;       ///< the FROM line, trimmed
  std::string doc_comment;
  Ranges location;
  std::vector<std::string> comments;
  std::vector<Command> commands;
};

struct Program {
  std::vector<ArgCommand> meta_args;  ///< ARGs before the first FROM
  std::vector<Stage> stages;
};

/// Index of the stage with that name (case-insensitive), the first if there are several.
std::optional<std::size_t> find_stage(const std::vector<Stage>& stages, std::string_view name);

// ---- parsing ---------------------------------------------------------------------------------

/// Hears what is noticed while instructions are parsed; implemented by the linter.
class InstructionLint {
 public:
  virtual ~InstructionLint() = default;
  /// `rule` is "StageNameCasing", "FromAsCasing", "MaintainerDeprecated" or "InvalidDefinitionDescription";
  /// `message` its formatted text; `comments` the statement's, which may carry a `check=` of their own.
  virtual void found(std::string_view rule, const std::string& message, const Ranges& location,
                     const std::vector<std::string>& comments) = 0;
};

/// All stages of a file. Throws LocatedError, "dockerfile parse error on line 3: …". `lint` may be null.
Program parse_instructions(const std::vector<Statement>& statements, InstructionLint* lint);

using Instruction = std::variant<Stage, Command>;
/// One statement. Throws LocatedError.
Instruction parse_instruction(const Statement& statement, InstructionLint* lint = nullptr);
/// One statement that must be a command (an ONBUILD trigger). Throws LocatedError.
Command parse_command(const Statement& statement);

/// The eighteen instruction names, upper case, sorted.
const std::vector<std::string>& instruction_names();

}  // namespace dockerfile
