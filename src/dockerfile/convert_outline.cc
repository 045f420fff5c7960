// SPDX-License-Identifier: Apache-2.0
// Outline: what a target and the stages it is made of were seen to take.
#include <algorithm>

#include "dockerfile/convert_stages.h"

namespace dockerfile {
namespace {

int first_line(const Ranges& location) { return location.empty() ? 0 : location.front().start.line; }

/// ARGs that defaults of used ARGs are made of are used, too.
std::set<std::string> all_used(const StageParameters& parameters) {
  std::set<std::string> found;
  std::vector<std::string> open(parameters.used_args.begin(), parameters.used_args.end());
  while (!open.empty()) {
    const auto name = std::move(open.back());
    open.pop_back();
    if (!found.insert(name).second) continue;
    const auto arg = parameters.args.find(name);
    if (arg != parameters.args.end()) open.insert(open.end(), arg->second.uses.begin(), arg->second.uses.end());
  }
  return found;
}

/// The target's own parameters go before those of its base, and these before those of stages it copies from.
class Collector {
 public:
  void visit(const StageState* stage) {
    if (stage == nullptr || !visited_.insert(stage).second) return;
    if (stage->parameters) add(*stage->parameters);
    visit(stage->base);
    for (const auto& [other, where] : stage->dependencies) visit(other);
  }

  Outline outline() && {
    Outline out;
    out.args = sorted<OutlineArg>(args_);
    out.secrets = sorted<OutlineMount>(secrets_);
    out.ssh = sorted<OutlineMount>(ssh_);
    return out;
  }

 private:
  void add(const StageParameters& parameters) {
    for (const auto& name : all_used(parameters)) {
      if (const auto arg = parameters.args.find(name); arg != parameters.args.end()) args_.insert(*arg);
    }
    secrets_.insert(parameters.secrets.begin(), parameters.secrets.end());
    ssh_.insert(parameters.ssh.begin(), parameters.ssh.end());
  }

  template <typename T>
  static std::vector<T> sorted(const std::map<std::string, T>& by_name) {
    std::vector<T> list;
    for (const auto& [name, value] : by_name) list.push_back(value);
    std::ranges::stable_sort(list, {}, [](const T& value) { return first_line(value.location); });
    return list;
  }

  std::set<const StageState*> visited_;
  std::map<std::string, OutlineArg> args_;
  std::map<std::string, OutlineMount> secrets_;
  std::map<std::string, OutlineMount> ssh_;
};

}  // namespace

Outline outline_of(const StageState& target) {
  Collector collector;
  collector.visit(&target);
  auto outline = std::move(collector).outline();
  outline.name = target.stage.name;
  outline.description = target.stage.doc_comment;
  return outline;
}

}  // namespace dockerfile
