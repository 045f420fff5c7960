// SPDX-License-Identifier: Apache-2.0
#pragma once
// Stages while they are being converted, and what all of them share.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/context.h"
#include "dockerfile/convert.h"
#include "dockerfile/convert_lint.h"
#include "dockerfile/image_config.h"
#include "dockerfile/instructions.h"
#include "dockerfile/outline.h"
#include "dockerfile/pattern_matcher.h"
#include "dockerfile/shell_words.h"
#include "llb/state.h"

namespace dockerfile {

struct StageState;

/// ARGs in order of their last assignment.
class ArgList final : public Environment {
 public:
  void set(const std::string& name, std::string value);
  void erase(std::string_view name);
  std::optional<std::string> get(std::string_view name) const override;
  std::vector<std::string> names() const override;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// The variables of a state.
class StateEnvironment final : public Environment {
 public:
  explicit StateEnvironment(llb::State state) : state_(std::move(state)) {}
  std::optional<std::string> get(std::string_view name) const override { return state_.env(name); }
  std::vector<std::string> names() const override { return state_.env_names(); }

 private:
  llb::State state_;
};

/// The ARGs a stage has declared, in order of their first declaration, each with its last value.
class BuildArgs {
 public:
  void set(const KeyOptionalValue& arg);
  bool contains(const std::string& name) const { return places_.contains(name); }
  auto begin() const { return args_.begin(); }
  auto end() const { return args_.end(); }

 private:
  std::vector<KeyOptionalValue> args_;
  std::map<std::string, std::size_t> places_;
};

/// A command and the stages it takes files from, one per mount or the one of --from.
struct StageCommand {
  Command command;
  std::vector<StageState*> sources;
  bool is_onbuild = false;
};

/// Where an instruction of a kind that counts only once was last seen.
struct LastSeen {
  Ranges location;
  bool set = false;
};

using PathSet = std::set<std::string>;

struct StageState {
  Stage stage;
  std::string name;  ///< the stage's own, or "stage-N"; "" in a file with one stage only
  StageState* base = nullptr;
  std::vector<std::pair<StageState*, Ranges>> dependencies;  ///< with the place of the last command that needs it
  std::vector<StageCommand> commands;
  std::optional<NamedContext> named_context;
  std::optional<llb::Platform> platform;
  bool unregistered = false;  ///< made for an image named by --from
  bool resolved = false;      ///< base image known
  bool dispatched = false;
  bool onbuild_taken = false;
  bool from_context = false;  ///< a named context stands in for its base, or for all of it

  llb::State state;
  ImageConfig image;
  std::shared_ptr<const ImageConfig> base_image;
  BuildArgs build_args;
  std::optional<StageParameters> parameters;                     ///< when an outline is wanted
  PathSet context_paths;                                         ///< used of the main context
  std::shared_ptr<PathSet> paths = std::make_shared<PathSet>();  ///< used of this stage, shared with its base
  bool ignore_cache = false;
  bool workdir_set = false;

  // for names
  int command_index = 0;
  int command_total = 0;
  bool in_onbuild = false;
  LastSeen cmd, entrypoint, healthcheck;

  /// Takes over what the base stage has come to.
  void inherit();
  void depend_on(StageState* other, const Ranges& where);
  /// Paths to ask of a context this stage stands for; empty = all.
  std::vector<std::string> used_paths() const;
};

/// The paths to ask of a context; empty = everything.
std::vector<std::string> follow_paths_of(const PathSet& paths);

/// All stages in order of definition, images taken by --from appended.
class StageTable {
 public:
  StageState* make();
  void add(StageState* stage);
  StageState* find(std::string_view name) const;
  /// Throws invalid_argument.
  StageState* at(std::int64_t index) const;
  std::vector<std::string> names() const;
  std::vector<StageState*> all;

 private:
  std::vector<std::unique_ptr<StageState>> owned_;
  std::map<std::string, StageState*, std::less<>> by_name_;
};

/// What commands are converted with.
struct DispatchContext {
  const FrontendConfig& config;
  const std::map<std::string, std::string>& build_args;
  const std::set<std::string>& caps;
  llb::Builder& builder;
  std::shared_ptr<const llb::SourceMap> source;
  const ArgList& global_args;
  const ShellWords& shell;
  char32_t escape;
  const std::optional<Epoch>& epoch;
  llb::Platform target_platform;
  llb::State build_context;
  std::optional<llb::ProxyEnv> proxy;
  const PatternMatcher* ignore;  ///< may be null
  const std::vector<std::string>& ignore_patterns;
  const Lint* lint;

  bool can(std::string_view cap) const { return caps.contains(std::string(cap)); }
  std::vector<llb::SourceLocation> at(const Ranges& ranges) const { return {{source, ranges}}; }
  const std::string& created() const;
};

/// Converts one command; its words are expanded in place.
void dispatch(StageState& stage, StageCommand& command, const DispatchContext& context);
void dispatch_run(StageState& stage, const StageCommand& command, RunCommand& run, const DispatchContext& context);
void dispatch_copy(StageState& stage, const StageCommand& command, CopyCommand& copy, const DispatchContext& context);
void dispatch_add(StageState& stage, AddCommand& add, const DispatchContext& context);
/// What `target` and the stages it needs take; its stages were converted with parameters.
Outline outline_of(const StageState& target);
/// The directory and user a base image comes with.
void inherit_workdir(StageState& stage);

/// A heredoc as a file of its own.
llb::State inline_file(const StageState& stage, const DispatchContext& context, const std::string& path,
                       std::uint32_t mode, const std::string& data);

// ---- names -------------------------------------------------------------------------------------

/// "[stage 2/5] RUN …": counts the stage's steps.
std::string step_name(StageState& stage, const std::string& text, const FrontendConfig& config,
                      const std::optional<llb::Platform>& platform, const Environment& env);
/// The text with variables replaced where that works, its command in upper case.
std::string shown_text(const ShellWords& shell, const std::string& text, const Environment& env);

// ---- places where things are only noticed ------------------------------------------------------

void check_unmatched(const CommandBase& command, const StageState& stage, const Environment& env,
                     std::set<std::string> unmatched, const Lint& lint);
void check_secret_name(std::string_view instruction, const std::string& name, const Ranges& where, const Lint& lint);
void check_once(const CommandBase& command, LastSeen& seen, const Lint& lint);
void check_json_form(const CommandBase& command, const CommandLine& line, const ImageConfig& image, const Lint& lint);
void check_copy_source(const std::string& path, std::string_view verb, const Ranges& where,
                       const DispatchContext& context, const Lint& lint);
void check_stage_names(const std::vector<Stage>& stages, const Lint& lint);
void check_casing(const std::vector<Stage>& stages, const Lint& lint);

}  // namespace dockerfile
