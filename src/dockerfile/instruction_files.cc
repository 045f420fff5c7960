// SPDX-License-Identifier: Apache-2.0
// ADD and COPY.
#include <algorithm>

#include "dockerfile/instruction_request.h"

namespace dockerfile {
namespace {

SourcesAndDest sources_and_dest(const Request& request, std::string_view name) {
  SourcesAndDest result;
  result.dest = request.arguments.back();
  if (heredoc_or_nothing(result.dest)) {
    fail_instruction(base::format("{} cannot accept a heredoc as a destination", name));
  }
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
  fail_instruction(
      base::format("{} requires at least two arguments, but only one was provided. "
                   "Destination could not be determined",
                   name));
}

std::optional<bool> given_bool(const Flag& flag) { return flag.used ? std::optional(flag.is_true()) : std::nullopt; }

}  // namespace

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
  auto command = make_command<AddCommand>(request);
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
  auto command = make_command<CopyCommand>(request);
  command.sources = sources_and_dest(request, "COPY");
  command.from = from.value;
  command.chown = chown.value;
  command.chmod = chmod.value;
  command.link = link.is_true();
  command.excludes = exclude.values;
  command.parents = parents.is_true();
  return command;
}

}  // namespace dockerfile
