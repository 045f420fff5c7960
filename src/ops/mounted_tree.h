// SPDX-License-Identifier: Apache-2.0
#pragma once
// A snapshot mounted inside the helper, for as long as the object lives.
#include <stop_token>
#include <string>

#include "base/fd.h"
#include "snapshot/mount.h"
#include "snapshot/snapshotter.h"

namespace ops {

class MountedTree {
 public:
  /// `scratch` is an empty directory of this mount's own, made when absent.
  MountedTree(snapshot::MountSpec spec, snapshot::Driver driver, const std::string& scratch, std::stop_token stop);
  MountedTree(const MountedTree&) = delete;
  MountedTree& operator=(const MountedTree&) = delete;
  ~MountedTree();

  /// The root directory of the tree.
  int fd() const { return mount_.get(); }
  /// Puts the tree at `path`, an existing directory, until the object goes.
  void attach(const std::string& path);
  /// After the last write: unmounts and brings the layer directory into its final form.
  void finish();

 private:
  snapshot::MountSpec spec_;
  snapshot::Driver driver_;
  std::stop_token stop_;
  base::Fd mount_;
  std::string path_;
  std::string scratch_;
};

}  // namespace ops
