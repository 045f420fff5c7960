// SPDX-License-Identifier: Apache-2.0
// Source, file, merge and diff ops under construction.
#include "base/path.h"
#include "llb/attr.h"
#include "llb/caps.h"
#include "llb/node.h"

namespace llb {

// ---- source ----------------------------------------------------------------------------------

void SourceNode::describe(const MarshalContext& context, Op& op) {
  if (!error_.empty()) throw base::Error(base::Code::invalid_argument, error_);
  if (identifier_.empty()) base::fail(base::Code::invalid_argument, "source identifier can't be empty");
  if (identifier_.starts_with("local://") && !attrs_.contains(std::string(attr::kLocalSession))) {
    // Without a session the directory could be anyone's: keep it from being shared.
    attrs_[std::string(attr::kLocalUnique)] =
        options_.local_unique_id.empty() ? context.local_unique_id : options_.local_unique_id;
    add_cap(cap::kSourceLocalUnique);
  }
  op.kind = SourceOp{identifier_, attrs_};
}

bool SourceNode::has_platform() const {
  return identifier_.starts_with("docker-image://") || identifier_.starts_with("oci-layout://");
}

// ---- file ------------------------------------------------------------------------------------

std::string absolute_path(std::string_view parent, const std::string& path, KeepSlash keep) {
  auto clean = base::clean_path(path);
  if (!base::is_absolute(clean)) clean = base::join_path("/", base::join_path(parent, clean));
  if (keep == KeepSlash::no) return clean;
  if (path.ends_with('/') && !clean.ends_with('/')) return clean + "/";
  if (path.ends_with("/.")) return clean == "/" ? "/." : clean + "/.";
  return clean;
}

namespace {

/// Turns one step into its wire form; `base` is the input index names are looked up in.
struct StepWriter {
  const std::string& dir;
  std::int64_t base;

  std::optional<ChownOpt> owner(std::optional<ChownOpt> from) const {
    if (!from) return from;
    if (from->user) from->user->input = base;
    if (from->group) from->group->input = base;
    return from;
  }

  FileActionKind operator()(const MkdirStep& step) const {
    return FileMkdir{absolute_path(dir, step.path, KeepSlash::no), static_cast<std::int32_t>(step.mode & 0777U),
                     step.make_parents, owner(step.owner), step.created.value_or(-1)};
  }
  FileActionKind operator()(const MkfileStep& step) const {
    return FileMkfile{absolute_path(dir, step.path, KeepSlash::no), static_cast<std::int32_t>(step.mode & 0777U),
                      step.data, owner(step.owner), step.created.value_or(-1)};
  }
  FileActionKind operator()(const RmStep& step) const {
    return FileRm{absolute_path(dir, step.path, KeepSlash::no), step.allow_not_found, step.allow_wildcard};
  }
  FileActionKind operator()(const SymlinkStep& step) const {
    return FileSymlink{step.oldpath, step.newpath, owner(step.owner), step.created.value_or(-1)};
  }
  FileActionKind operator()(const CopyStep& step) const {
    FileCopy copy;
    const auto clean = base::clean_path(step.src);
    copy.src = base::join_path(base::is_absolute(clean) ? "/" : step.source.dir(), clean);
    copy.dest = absolute_path(dir, step.dest, KeepSlash::yes);
    copy.owner = owner(step.owner);
    copy.mode_str = step.mode_str;
    copy.mode = !step.mode_str.empty() ? 0 : step.mode.value_or(-1);
    copy.follow_symlink = step.follow_symlinks;
    copy.dir_copy_contents = step.dir_contents_only;
    copy.attempt_unpack = step.attempt_unpack;
    copy.create_dest_path = step.create_dest_path;
    copy.allow_wildcard = step.allow_wildcard;
    copy.allow_empty_wildcard = step.allow_empty_wildcard;
    copy.timestamp = step.created.value_or(-1);
    copy.include_patterns = step.include_patterns;
    copy.exclude_patterns = step.exclude_patterns;
    copy.required_paths = step.required_paths;
    copy.always_replace_existing_dest_paths = step.always_replace_existing_dest_paths;
    return copy;
  }
};

}  // namespace

std::vector<Output> FileNode::inputs() const {
  std::vector<Output> outputs;
  if (!base_.output().empty()) outputs.push_back(base_.output());
  // BuildKit walks the chain of actions from its end.
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto* copy = std::get_if<CopyStep>(&*step);
    if (copy != nullptr && !copy->source.output().empty()) outputs.push_back(copy->source.output());
  }
  return outputs;
}

void FileNode::describe(const MarshalContext& context, Op& op) {
  add_cap(cap::kFileBase);
  if (steps_.empty()) base::fail(base::Code::invalid_argument, "action is required");
  FileOp file;
  std::int64_t base_input = kEmpty;
  for (const auto& step : steps_) {
    FileAction action;
    base_input = add_input(base_.output(), context, op);
    const auto* copy = std::get_if<CopyStep>(&step);
    action.input = base_input;
    action.secondary_input = copy == nullptr ? kEmpty : add_input(copy->source.output(), context, op);
    action.output = kSkipOutput;
    action.kind = std::visit(StepWriter{base_.dir(), base_input}, step);
    file.actions.push_back(std::move(action));
  }
  // Every action but the first works on the result of the one before.
  const auto inputs = static_cast<std::int64_t>(op.inputs.size());
  for (std::size_t i = 1; i < file.actions.size(); ++i) {
    file.actions[i].input = inputs + static_cast<std::int64_t>(i) - 1;
  }
  file.actions.back().output = 0;
  op.kind = std::move(file);
}

// ---- merge and diff --------------------------------------------------------------------------

void MergeNode::describe(const MarshalContext& context, Op& op) {
  if (inputs_.size() < 2) base::fail(base::Code::invalid_argument, "merge must have at least 2 inputs");
  MergeOp merge;
  for (const auto& input : inputs_) {
    const auto target = input.resolved();
    if (target.node == nullptr) continue;
    merge.inputs.push_back(static_cast<std::int64_t>(op.inputs.size()));
    op.inputs.push_back(edge_to(target, context));
  }
  op.kind = std::move(merge);
}

std::vector<Output> DiffNode::inputs() const {
  std::vector<Output> outputs;
  if (!lower_.empty()) outputs.push_back(lower_);
  if (!upper_.empty()) outputs.push_back(upper_);
  return outputs;
}

void DiffNode::describe(const MarshalContext& context, Op& op) {
  const auto position = [&](const Output& output) {
    const auto target = output.resolved();
    if (target.node == nullptr) return kEmpty;
    op.inputs.push_back(edge_to(target, context));
    return static_cast<std::int64_t>(op.inputs.size()) - 1;
  };
  DiffOp diff;
  diff.lower = position(lower_);
  diff.upper = position(upper_);
  op.kind = diff;
}

}  // namespace llb
