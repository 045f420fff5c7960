// SPDX-License-Identifier: Apache-2.0
// One action of a file operation, inside the helper.
#include <map>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "llb/op.h"
#include "ops/copy.h"
#include "ops/file_actions.h"
#include "ops/methods.h"
#include "ops/mounted_tree.h"
#include "ops/user_lookup.h"
#include "ops/wire.h"

namespace ops {
namespace {

/// A tree that a request names: mounted, opened where it lies, or empty.
class OpenedTree {
 public:
  OpenedTree(const SourceTree& tree, const MethodCall& call) {
    if (const auto* spec = std::get_if<snapshot::MountSpec>(&tree)) {
      mounted_ = std::make_unique<MountedTree>(*spec, call.driver(), call.scratch(), call.stop);
      source_.root = mounted_->fd();
    } else if (const auto* view = std::get_if<LocalView>(&tree)) {
      directory_ = base::open_directory(view->directory);
      source_ = local_copy_source(directory_.get(), *view);
    }
  }

  const CopySource& source() const { return source_; }

 private:
  std::unique_ptr<MountedTree> mounted_;
  base::Fd directory_;
  CopySource source_;
};

CopyRequest copy_request(const llb::FileCopy& copy) {
  CopyRequest request;
  request.src = copy.src;
  request.dest = copy.dest;
  request.mode = copy.mode;
  request.mode_str = copy.mode_str;
  request.follow_symlink = copy.follow_symlink;
  request.dir_copy_contents = copy.dir_copy_contents;
  request.attempt_unpack = copy.attempt_unpack;
  request.create_dest_path = copy.create_dest_path;
  request.allow_wildcard = copy.allow_wildcard;
  request.allow_empty_wildcard = copy.allow_empty_wildcard;
  request.always_replace_existing_dest_paths = copy.always_replace_existing_dest_paths;
  request.timestamp = copy.timestamp;
  request.include_patterns = copy.include_patterns;
  request.exclude_patterns = copy.exclude_patterns;
  request.required_paths = copy.required_paths;
  return request;
}

/// The trees in which owners given by name are looked up, each opened once.
class OwnerTrees {
 public:
  explicit OwnerTrees(const MethodCall& call) : call_(call) {}

  std::optional<Owner> resolve(const std::optional<llb::ChownOpt>& owner) {
    return resolve_owner(owner, [this](std::int64_t input) { return root_of(input); });
  }

 private:
  int root_of(std::int64_t input) {
    auto& tree = trees_[input];
    if (!tree) {
      tree = std::make_unique<OpenedTree>(source_tree_from_json(call_.params["owners"][std::to_string(input)]), call_);
    }
    return tree->source().root;
  }

  const MethodCall& call_;
  std::map<std::int64_t, std::unique_ptr<OpenedTree>> trees_;
};

void perform(const llb::FileActionKind& kind, const CopyTarget& target, const MethodCall& call) {
  const int root = target.root;
  OwnerTrees owners(call);
  if (const auto* copy = std::get_if<llb::FileCopy>(&kind)) {
    const OpenedTree source(source_tree_from_json(call.params["source"]), call);
    CopyRequest request = copy_request(*copy);
    request.owner = owners.resolve(copy->owner);
    copy_files(source.source(), target, request, call.stop);
  } else if (const auto* file = std::get_if<llb::FileMkfile>(&kind)) {
    make_file(root, {file->path, file->mode, file->data, owners.resolve(file->owner), file->timestamp});
  } else if (const auto* dir = std::get_if<llb::FileMkdir>(&kind)) {
    make_directory(root, {dir->path, dir->mode, dir->make_parents, owners.resolve(dir->owner), dir->timestamp});
  } else if (const auto* remove = std::get_if<llb::FileRm>(&kind)) {
    remove_path(root, {remove->path, remove->allow_not_found, remove->allow_wildcard});
  } else if (const auto* link = std::get_if<llb::FileSymlink>(&kind)) {
    make_symlink(root, {link->oldpath, link->newpath, owners.resolve(link->owner), link->timestamp});
  } else {
    base::fail(base::Code::invalid_argument, "a file action without a kind");
  }
}

}  // namespace

base::Json file_method(const MethodCall& call) {
  const llb::Op op = llb::unmarshal(decode_bytes(call.params["op"].as_string()));
  const auto& actions = std::get<llb::FileOp>(op.kind).actions;
  const auto& action = actions.at(static_cast<std::size_t>(call.params["action"].as_int()));
  const auto spec = snapshot::MountSpec::from_json(call.params["target"]);
  MountedTree target(spec, call.driver(), call.scratch(), call.stop);
  base::Fd upper;
  if (call.driver() == snapshot::Driver::overlay) upper = base::open_directory(spec.upper);
  perform(action.kind, {target.fd(), upper.get()}, call);
  target.finish();
  return base::Json::object();
}

}  // namespace ops
