// SPDX-License-Identifier: Apache-2.0
#pragma once
// Looking into a chain of layer directories without mounting it: the same answers as overlayfs.
//
//     layer::MergedDirectory root({"/s/base/fs", "/s/step1/fs"});     // bottom first
//     if (auto found = root.find("etc")) ...                           // topmost, whiteouts respected
//
// A name is that of the topmost layer that has it, unless a whiteout (char device 0:0) or an opaque
// directory of a layer above hides it; directories merge down to the first non-directory.
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace layer {

/// A character device 0:0.
bool is_whiteout(const struct stat& status);
/// trusted.overlay.opaque or user.overlay.opaque is "y" on `name` in `directory` ("": on itself).
bool is_opaque(int directory, const std::string& name);

class MergedDirectory {
 public:
  /// The root of a chain, bottom first. No layers: an empty directory.
  explicit MergedDirectory(std::span<const std::string> layers);

  struct Found {
    struct stat stat;
    int directory = -1;  ///< of the layer that has it; owned by the MergedDirectory
  };
  /// The visible file of that name, itself not followed.
  std::optional<Found> find(const std::string& name) const;
  /// The merged directory of that name; empty when there is none or it is no directory.
  MergedDirectory enter(const std::string& name) const;
  /// Visible names, sorted by bytes.
  std::vector<std::string> list() const;
  bool empty() const { return layers_.empty(); }
  /// The topmost layer's directory, whose attributes show; -1 when empty.
  int top() const { return layers_.empty() ? -1 : layers_.front()->get(); }

 private:
  MergedDirectory() = default;
  std::vector<std::shared_ptr<base::Fd>> layers_;  ///< top first
};

}  // namespace layer
