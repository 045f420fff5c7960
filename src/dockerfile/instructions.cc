// SPDX-License-Identifier: Apache-2.0
// What typed instructions can do once parsed; instruction_parser.cc makes them.
#include "dockerfile/instructions.h"

#include <algorithm>
#include <type_traits>

#include "base/unicode.h"
#include "dockerfile/run_mount.h"

namespace dockerfile {
namespace {

void expand_text(std::string& text, const WordExpander& expander) { text = expander(text); }

void expand_list(std::vector<std::string>& texts, const WordExpander& expander) {
  for (std::string& text : texts) expand_text(text, expander);
}

void expand_pairs(std::vector<KeyValue>& pairs, const WordExpander& expander) {
  for (KeyValue& pair : pairs) {
    expand_text(pair.key, expander);
    expand_text(pair.value, expander);
  }
}

void expand_sources(SourcesAndDest& sources, const WordExpander& expander) {
  expand_list(sources.paths, expander);
  expand_text(sources.dest, expander);
}

void expand_heredocs(SourcesAndDest& sources, const WordExpander& expander) {
  for (SourceContent& content : sources.contents) {
    if (content.expand) expand_text(content.data, expander);
  }
}

template <typename T>
concept Expandable = requires(T& command, const WordExpander& expander) { command.expand(expander); };

}  // namespace

void EnvCommand::expand(const WordExpander& expander) { expand_pairs(env, expander); }

void LabelCommand::expand(const WordExpander& expander) {
  if (!no_expand) expand_pairs(labels, expander);
}

void ArgCommand::expand(const WordExpander& expander) {
  for (KeyOptionalValue& arg : args) {
    expand_text(arg.key, expander);
    if (arg.value) expand_text(*arg.value, expander);
  }
}

void AddCommand::expand(const WordExpander& expander) {
  expand_text(chown, expander);
  expand_text(chmod, expander);
  expand_text(checksum, expander);
  expand_sources(sources, expander);
}

void AddCommand::expand_contents(const WordExpander& raw_expander) { expand_heredocs(sources, raw_expander); }

void CopyCommand::expand(const WordExpander& expander) {
  expand_text(chown, expander);
  expand_text(chmod, expander);
  expand_sources(sources, expander);
}

void CopyCommand::expand_contents(const WordExpander& raw_expander) { expand_heredocs(sources, raw_expander); }

void RunCommand::expand(const WordExpander& expander) {
  mounts.clear();
  for (const std::string& flag : mount_flags) mounts.push_back(parse_mount(flag, expander));
}

void VolumeCommand::expand(const WordExpander& expander) { expand_list(volumes, expander); }
void UserCommand::expand(const WordExpander& expander) { expand_text(user, expander); }
void WorkdirCommand::expand(const WordExpander& expander) { expand_text(path, expander); }
void StopSignalCommand::expand(const WordExpander& expander) { expand_text(signal, expander); }

void StopSignalCommand::check_os(std::string_view os) const {
  if (os != "windows") return;
  base::fail(base::Code::invalid_argument, "The daemon on this platform does not support the command stopsignal");
}

const CommandBase& base_of(const Command& command) {
  return std::visit([](const auto& it) -> const CommandBase& { return it; }, command);
}

void expand(Command& command, const WordExpander& expander) {
  std::visit(
      [&](auto& it) {
        if constexpr (Expandable<std::remove_reference_t<decltype(it)>>) it.expand(expander);
      },
      command);
}

LabelCommand make_label(std::string key, std::string value) {
  LabelCommand label;
  label.code = "LABEL " + key + "=" + value;
  label.name = "label";
  label.labels.push_back({std::move(key), std::move(value)});
  label.no_expand = true;
  return label;
}

std::optional<std::size_t> find_stage(const std::vector<Stage>& stages, std::string_view name) {
  const auto at = std::find_if(stages.begin(), stages.end(),
                               [&](const Stage& stage) { return base::equal_fold(stage.name, name); });
  if (at == stages.end()) return std::nullopt;
  return static_cast<std::size_t>(at - stages.begin());
}

const std::vector<std::string>& instruction_names() {
  static const std::vector<std::string> kNames = {"ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
                                                  "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
                                                  "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};
  return kNames;
}

}  // namespace dockerfile
