// SPDX-License-Identifier: Apache-2.0
#include "ops/mounted_tree.h"

#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace ops {

MountedTree::MountedTree(snapshot::MountSpec spec, snapshot::Driver driver, const std::string& scratch,
                         std::stop_token stop)
    : spec_(std::move(spec)), driver_(driver), stop_(std::move(stop)), scratch_(scratch) {
  base::make_directories(scratch_);
  mount_ = snapshot::mount_snapshot(spec_, driver_, scratch_, stop_);
}

MountedTree::~MountedTree() {
  try {
    if (!path_.empty()) snapshot::detach(path_);
    mount_.reset();
    if (driver_ == snapshot::Driver::native) {
      base::remove_tree(scratch_);
    } else {
      ::rmdir(scratch_.c_str());
    }
  } catch (const base::Error&) {
    // What stays below the helper's work directory goes with the helper.
  }
}

void MountedTree::attach(const std::string& path) {
  snapshot::attach(mount_.get(), path);
  path_ = path;
}

void MountedTree::finish() {
  if (!path_.empty()) snapshot::detach(std::exchange(path_, ""));
  mount_.reset();
  snapshot::finish_snapshot(spec_, driver_, stop_);
}

}  // namespace ops
