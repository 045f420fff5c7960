// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/practice_file.h"

#include <algorithm>

#include "base/strings.h"
#include "base/unicode.h"
#include "dockerfile/go_values.h"

namespace dockerfile {
namespace {

std::string mount_value(std::string_view flag, std::string_view key) {
  std::string value;
  try {
    for (const auto& field : parse_csv(flag)) {
      const auto parts = base::cut(field, "=");
      if (parts && base::lower(parts->first) == key) value = parts->second;
    }
  } catch (const base::Error&) {
    return "";
  }
  return value;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

PracticeFile::PracticeFile(const Program& program, const PracticeFacts& facts) : program_(program), facts_(facts) {
  link();
  mark_needed();
  for (std::optional<std::size_t> at = facts.target; at; at = bases_[*at]) chain_.insert(chain_.begin(), *at);
}

std::optional<std::size_t> PracticeFile::find(std::string_view name, std::size_t before) const {
  for (std::size_t i = before; i-- > 0;) {
    if (!stages()[i].name.empty() && base::equal_fold(stages()[i].name, name)) return i;
  }
  return std::nullopt;
}

void PracticeFile::link() {
  for (std::size_t i = 0; i < stages().size(); ++i) {
    const auto& base = facts_.bases[i].empty() ? stages()[i].base_name : facts_.bases[i];
    bases_.push_back(find(base, i));
    for (const auto& placed : commands_of(i)) {
      if (const auto* copy = placed.as<CopyCommand>(); copy != nullptr && !copy->from.empty()) {
        auto stage = find(copy->from, stages().size());
        if (is_number(copy->from) && copy->from.size() < 6) {
          const auto index = std::stoul(copy->from);
          if (index < stages().size()) stage = index;
        }
        uses_.push_back({placed, copy->from, stage});
      }
      const auto* run = placed.as<RunCommand>();
      if (run == nullptr) continue;
      calls_[{i, placed.index}] = shell_calls(*run);
      for (const auto& flag : run->mount_flags) {
        const auto from = mount_value(flag, "from");
        if (!from.empty()) uses_.push_back({placed, from, find(from, stages().size())});
      }
    }
  }
}

void PracticeFile::mark_needed() {
  needed_.assign(stages().size(), false);
  std::vector<std::size_t> open{facts_.target};
  while (!open.empty()) {
    const auto stage = open.back();
    open.pop_back();
    if (needed_[stage]) continue;
    needed_[stage] = true;
    if (bases_[stage]) open.push_back(*bases_[stage]);
    for (const auto& use : uses_) {
      if (use.by.stage == stage && use.stage) open.push_back(*use.stage);
    }
  }
}

bool PracticeFile::is_used(std::size_t stage) const {
  return std::ranges::find(bases_, std::optional(stage)) != bases_.end() ||
         std::ranges::any_of(uses_, [&](const StageUse& use) { return use.stage == stage; });
}

std::vector<PlacedCommand> PracticeFile::commands_of(std::size_t stage) const {
  std::vector<PlacedCommand> commands;
  const auto& all = stages()[stage].commands;
  for (std::size_t i = 0; i < all.size(); ++i) commands.push_back({stage, i, &all[i]});
  return commands;
}

std::vector<PlacedCommand> PracticeFile::chain_commands() const {
  std::vector<PlacedCommand> commands;
  for (const auto stage : chain_) {
    const auto more = commands_of(stage);
    commands.insert(commands.end(), more.begin(), more.end());
  }
  return commands;
}

const std::vector<ShellCall>& PracticeFile::calls(const PlacedCommand& run) const {
  return calls_.at({run.stage, run.index});
}

std::vector<PackageCall> PracticeFile::packages(const PlacedCommand& run) const {
  std::vector<PackageCall> found;
  for (const auto& call : calls(run)) {
    if (auto package = package_call(call)) found.push_back(std::move(*package));
  }
  return found;
}

bool PracticeFile::is_mounted(const RunCommand& run, std::string_view path) {
  return std::ranges::any_of(run.mount_flags, [&](const std::string& flag) {
    const auto type = mount_value(flag, "type");
    if (type != "cache" && type != "tmpfs") return false;
    for (const std::string_view key : {"target", "dst", "destination"}) {
      auto target = mount_value(flag, key);
      while (target.ends_with('/') && target.size() > 1) target.pop_back();
      if (!target.empty() && (path == target || (path.starts_with(target) && path[target.size()] == '/'))) return true;
    }
    return false;
  });
}

void PracticeFile::report(std::string_view rule, std::string message, std::string fix, const CommandBase& where) const {
  findings_.push_back({practice_rule(rule), std::move(message), std::move(fix), where.location, where.comments});
}

void PracticeFile::report(std::string_view rule, std::string message, std::string fix, const Stage& where) const {
  findings_.push_back({practice_rule(rule), std::move(message), std::move(fix), where.location, where.comments});
}

}  // namespace dockerfile
