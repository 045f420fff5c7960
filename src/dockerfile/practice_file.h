// SPDX-License-Identifier: Apache-2.0
#pragma once
// A Dockerfile as the practice rules see it (practice.h): stages, who uses whom, and the calls of every RUN.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/package_calls.h"
#include "dockerfile/practice.h"
#include "dockerfile/run_mount.h"

namespace dockerfile {

/// A command with its place in the file.
struct PlacedCommand {
  std::size_t stage = 0;
  std::size_t index = 0;
  const Command* command = nullptr;

  template <typename Kind>
  const Kind* as() const {
    return std::get_if<Kind>(command);
  }
  const CommandBase& base() const { return base_of(*command); }
  int line() const { return base().location.empty() ? 0 : base().location.front().start.line; }
};

/// One --from, or from= of a mount.
struct StageUse {
  PlacedCommand by;
  std::string name;                  ///< as written
  std::optional<std::size_t> stage;  ///< the stage it names; nothing = an image or context
};

class PracticeFile {
 public:
  PracticeFile(const Program& program, const PracticeFacts& facts);

  const Program& program() const { return program_; }
  const PracticeFacts& facts() const { return facts_; }
  const std::vector<Stage>& stages() const { return program_.stages; }

  /// The stage that stage `index` continues, if any.
  std::optional<std::size_t> base_stage(std::size_t index) const { return bases_[index]; }
  const std::vector<StageUse>& uses() const { return uses_; }
  bool is_needed(std::size_t stage) const { return needed_[stage]; }
  /// Whether any stage continues or copies from this one.
  bool is_used(std::size_t stage) const;
  /// The stages whose layers are the final image's, first one first.
  const std::vector<std::size_t>& chain() const { return chain_; }
  std::vector<PlacedCommand> commands_of(std::size_t stage) const;
  /// The commands that made the final image, in order.
  std::vector<PlacedCommand> chain_commands() const;

  const std::vector<ShellCall>& calls(const PlacedCommand& run) const;
  /// The package managers' calls of a RUN.
  std::vector<PackageCall> packages(const PlacedCommand& run) const;
  /// Whether a cache or tmpfs mount of the RUN holds `path`.
  static bool is_mounted(const RunCommand& run, std::string_view path);

  void report(std::string_view rule, std::string message, std::string fix, const CommandBase& where) const;
  void report(std::string_view rule, std::string message, std::string fix, const Stage& where) const;
  std::vector<PracticeFinding> take() { return std::move(findings_); }

 private:
  std::optional<std::size_t> find(std::string_view name, std::size_t before) const;
  void link();
  void mark_needed();

  const Program& program_;
  const PracticeFacts& facts_;
  std::vector<std::optional<std::size_t>> bases_;
  std::vector<StageUse> uses_;
  std::vector<bool> needed_;
  std::vector<std::size_t> chain_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<ShellCall>> calls_;
  mutable std::vector<PracticeFinding> findings_;
};

// The rules, by what they look at.
void check_base_images(const PracticeFile& file);      ///< practice_bases.cc
void check_final_image(const PracticeFile& file);      ///< practice_image.cc
void check_package_caches(const PracticeFile& file);   ///< practice_caches.cc
void check_step_order(const PracticeFile& file);       ///< practice_order.cc
void check_stage_structure(const PracticeFile& file);  ///< practice_stages.cc

}  // namespace dockerfile
