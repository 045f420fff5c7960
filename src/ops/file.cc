// SPDX-License-Identifier: Apache-2.0
// COPY, ADD, WORKDIR and heredoc files, on the builder's side: what names the step, and which layer
// each action writes to. The helper does the writing (file_method.cc).
#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "llb/buildkit_key.h"
#include "ops/active_set.h"
#include "ops/content_selection.h"
#include "ops/op.h"
#include "ops/result.h"
#include "ops/secret_leaks.h"
#include "ops/wire.h"

namespace ops {
namespace {

base::Json owner_recipe(const std::optional<llb::ChownOpt>& owner) {
  if (!owner) return {};
  base::Json json = base::Json::array();
  for (const auto* user : {&owner->user, &owner->group}) {
    if (!*user) {
      json.push(nullptr);
    } else if ((*user)->name.empty()) {
      json.push(std::int64_t{(*user)->id});
    } else {
      json.push((*user)->name);
    }
  }
  return json;
}

base::Json copy_recipe(const llb::FileCopy& copy, const std::string& source) {
  base::Json json = base::Json::object();
  json.set("copy", source).set("dest", copy.dest).set("owner", owner_recipe(copy.owner));
  json.set("mode", std::int64_t{copy.mode}).set("mode_str", copy.mode_str);
  json.set("follow", copy.follow_symlink).set("contents", copy.dir_copy_contents).set("unpack", copy.attempt_unpack);
  json.set("create", copy.create_dest_path).set("wildcard", copy.allow_wildcard);
  json.set("empty", copy.allow_empty_wildcard).set("time", copy.timestamp);
  json.set("replace", copy.always_replace_existing_dest_paths);
  json.set("include", base::Json::strings(copy.include_patterns));
  json.set("exclude", base::Json::strings(copy.exclude_patterns));
  return json;
}

base::Json action_recipe(const llb::FileActionKind& kind, bool by_content) {
  base::Json json = base::Json::object();
  if (const auto* copy = std::get_if<llb::FileCopy>(&kind)) {
    return copy_recipe(*copy, by_content ? base::base_name(copy->src) : copy->src);
  }
  if (const auto* file = std::get_if<llb::FileMkfile>(&kind)) {
    json.set("file", file->path).set("mode", std::int64_t{file->mode}).set("owner", owner_recipe(file->owner));
    return json.set("data", base::sha256(file->data).str()).set("time", file->timestamp);
  }
  if (const auto* dir = std::get_if<llb::FileMkdir>(&kind)) {
    json.set("dir", dir->path).set("mode", std::int64_t{dir->mode}).set("owner", owner_recipe(dir->owner));
    return json.set("parents", dir->make_parents).set("time", dir->timestamp);
  }
  if (const auto* remove = std::get_if<llb::FileRm>(&kind)) {
    return json.set("rm", remove->path).set("absent", remove->allow_not_found).set("wildcard", remove->allow_wildcard);
  }
  const auto& link = std::get<llb::FileSymlink>(kind);
  json.set("link", link.newpath).set("to", link.oldpath).set("owner", owner_recipe(link.owner));
  return json.set("time", link.timestamp);
}

/// Calls `visit` with every input position that names a user in an action's owner.
void each_owner_input(const llb::FileActionKind& kind, const auto& visit) {
  const auto look = [&](const std::optional<llb::ChownOpt>& owner) {
    if (!owner) return;
    for (const auto* user : {&owner->user, &owner->group}) {
      if (*user && !(*user)->name.empty()) visit((*user)->input);
    }
  };
  if (const auto* copy = std::get_if<llb::FileCopy>(&kind)) look(copy->owner);
  if (const auto* file = std::get_if<llb::FileMkfile>(&kind)) look(file->owner);
  if (const auto* dir = std::get_if<llb::FileMkdir>(&kind)) look(dir->owner);
  if (const auto* link = std::get_if<llb::FileSymlink>(&kind)) look(link->owner);
}

class FileOp final : public solve::Op {
 public:
  FileOp(const llb::Vertex& vertex, const Services& services)
      : digest_(vertex.digest),
        op_(vertex.op),
        file_(std::get<llb::FileOp>(op_.kind)),
        services_(services),
        by_content_(op_.inputs.size(), 0),
        selections_(op_.inputs.size()) {
    choose_content_inputs();
  }

  solve::CacheMap cache_map(std::stop_token) override {
    base::Json actions = base::Json::array();
    for (const auto& action : file_.actions) {
      const bool selected = is_input(action.secondary_input) && by_content_[index(action.secondary_input)] != 0;
      base::Json entry = action_recipe(action.kind, selected);
      entry.set("in", action.input).set("from", action.secondary_input).set("out", action.output);
      actions.push(std::move(entry));
    }
    base::Json recipe = base::Json::object();
    recipe.set("op", "file").set("actions", std::move(actions));
    std::vector<solve::InputKey> keys(op_.inputs.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i].by_content = by_content_[i] != 0;
      base::Json selector = base::Json::array();
      for (const auto& selection : selections_[i]) selector.push(to_json(selection));
      keys[i].selector = selector.dump();
    }
    auto map = solve::CacheMap::of(std::move(recipe), std::move(keys));
    map.common = common_key();
    return map;
  }

  base::Digest content_digest(std::size_t input, const solve::Result& result, std::stop_token stop) override {
    return contents_.digest(input, result, selections_.at(input), services_, stop);
  }

  std::vector<base::Digest> common_content(std::size_t input, const solve::Result& result,
                                           std::stop_token stop) override {
    return ContentDigests::common(result, selections_.at(input), services_, stop);
  }

  bool deterministic() const override { return true; }

  std::vector<solve::ResultPtr> run(const std::vector<solve::ResultPtr>& inputs, std::stop_token stop) override {
    Run run{inputs, ActiveSet(services_.snapshots), {}, {}};
    for (std::size_t i = 0; i < file_.actions.size(); ++i) act(run, i, stop);
    for (std::size_t i = 0; i < inputs.size(); ++i) contents_.verify(i, *inputs[i], selections_[i], services_, stop);
    return std::move(run.outputs);
  }

 private:
  struct Run {
    const std::vector<solve::ResultPtr>& inputs;
    ActiveSet active;
    std::vector<std::size_t> written;  ///< per action: the snapshot that holds its outcome
    std::vector<solve::ResultPtr> outputs;
  };

  std::optional<solve::CommonKey> common_key() const {
    const auto key = llb::buildkit_file_key(op_);
    if (!key) return std::nullopt;
    solve::CommonKey common{{llb::buildkit_record(*key)}, {}};
    for (std::size_t i = 0; i < op_.inputs.size(); ++i) {
      if (by_content_[i] == 0) {
        common.inputs.emplace_back();
        continue;
      }
      std::vector<std::string> paths;
      for (const auto& selection : selections_[i]) paths.push_back(selection.path);
      std::sort(paths.begin(), paths.end(), std::greater<>());
      common.inputs.push_back({llb::buildkit_selector(paths), true});
    }
    return common;
  }

  bool is_input(std::int64_t position) const {
    return position >= 0 && position < static_cast<std::int64_t>(op_.inputs.size());
  }
  static std::size_t index(std::int64_t position) { return static_cast<std::size_t>(position); }
  std::size_t action_of(std::int64_t position) const { return index(position) - op_.inputs.size(); }

  /// An input is keyed by content when it is only ever copied from; as a base it counts as a whole.
  void choose_content_inputs() {
    for (const auto& action : file_.actions) {
      const auto* copy = std::get_if<llb::FileCopy>(&action.kind);
      if (!copy || !is_input(action.secondary_input)) continue;
      by_content_[index(action.secondary_input)] = 1;
      selections_[index(action.secondary_input)].push_back(selection_of(*copy));
    }
    for (const auto& action : file_.actions) {
      if (is_input(action.input)) by_content_[index(action.input)] = 0;
      each_owner_input(action.kind, [&](std::int64_t input) {
        if (is_input(input)) by_content_[index(input)] = 0;
      });
    }
  }

  static Selection selection_of(const llb::FileCopy& copy) {
    Selection selection;
    selection.path = copy.src;
    selection.wildcard = copy.allow_wildcard;
    selection.follow_links = copy.follow_symlink;
    selection.includes = copy.include_patterns;
    selection.excludes = copy.exclude_patterns;
    return selection;
  }

  /// True when nothing else looks at the outcome of an action, so that the next may write on top of it.
  bool used_once(std::size_t action) const {
    const auto position = static_cast<std::int64_t>(action + op_.inputs.size());
    int uses = file_.actions[action].output != llb::kSkipOutput ? 1 : 0;
    for (const auto& other : file_.actions) {
      uses += static_cast<int>(other.input == position) + static_cast<int>(other.secondary_input == position);
    }
    return uses == 1;
  }

  std::size_t target_of(Run& run, const llb::FileAction& action) const {
    if (action.input == llb::kEmpty) return run.active.prepare({});
    if (is_input(action.input)) return run.active.prepare(chain_of(*run.inputs.at(index(action.input))));
    const std::size_t earlier = action_of(action.input);
    const std::size_t snapshot = run.written.at(earlier);
    return used_once(earlier) ? snapshot : run.active.prepare(run.active.commit(snapshot));
  }

  SourceTree tree_at(Run& run, std::int64_t position) const {
    if (position == llb::kEmpty) return std::monostate{};
    if (!is_input(position)) return services_.snapshots.view(run.active.commit(run.written.at(action_of(position))));
    const auto& result = run.inputs.at(index(position));
    if (const auto* local = dynamic_cast<const LocalResult*>(result.get())) return local->view();
    return services_.snapshots.view(chain_of(*result));
  }

  void act(Run& run, std::size_t number, const std::stop_token& stop) const {
    const llb::FileAction& action = file_.actions[number];
    const SourceTree source = tree_at(run, action.secondary_input);
    base::Json owners = base::Json::object();
    each_owner_input(action.kind,
                     [&](std::int64_t input) { owners.set(std::to_string(input), to_json(tree_at(run, input))); });
    const std::size_t target = target_of(run, action);
    base::Json params = base::Json::object();
    params.set("op", encode_bytes(llb::marshal(op_))).set("action", static_cast<std::int64_t>(number));
    params.set("target", run.active.mounts(target).to_json());
    params.set("source", to_json(source)).set("owners", std::move(owners));
    services_.worker.call("file", params, {}, stop);
    refuse_secrets(run.active.mounts(target).upper, digest_, services_, stop);
    run.written.push_back(target);
    if (action.output == llb::kSkipOutput) return;
    const auto output = index(action.output);
    if (run.outputs.size() <= output) run.outputs.resize(output + 1);
    run.outputs[output] = make_snapshot_result(run.active.commit(target));
  }

  base::Digest digest_;
  llb::Op op_;
  const llb::FileOp& file_;
  const Services& services_;
  std::vector<char> by_content_;
  std::vector<std::vector<Selection>> selections_;
  ContentDigests contents_;
};

}  // namespace

std::shared_ptr<solve::Op> make_file(const llb::Vertex& vertex, const Services& services) {
  return std::make_shared<FileOp>(vertex, services);
}

}  // namespace ops
