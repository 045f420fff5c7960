// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mount stubs: the empty files and directories that mounts need as targets in the root.
//
//     sandbox::MountStubs stubs(root_fd, targets, StubRemoval::with_parents);   // makes what is missing
//     … run …
//     stubs.remove();                                                           // and takes it away
//
// What was there before is never touched. A stub that is no longer empty stays: the step used it.
// Parents keep the times they had, so a layer does not show that something was mounted.
// /proc, /sys and /dev are made too, but stay, as they do with BuildKit.
#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/container.h"

namespace sandbox {

struct StubTarget {
  enum class Kind : std::uint8_t { directory, file };
  std::string path;  ///< absolute inside the root
  Kind kind = Kind::directory;
  unsigned mode = 0755;  ///< of a directory; some runtimes give it to what they mount there
};

class MountStubs {
 public:
  /// `root` is a descriptor of the root directory and must outlive the object. `targets` come in
  /// the order of mounting: one inside an earlier mount is that mount's own affair. In a read-only
  /// root nothing is made.
  MountStubs(int root, const std::vector<StubTarget>& targets, StubRemoval removal);
  ~MountStubs();  ///< removes, ignoring errors
  MountStubs(const MountStubs&) = delete;
  MountStubs& operator=(const MountStubs&) = delete;

  /// Removes the stubs that are still empty; a second call does nothing.
  void remove();

 private:
  int root_;
  std::vector<std::string> paths_;  ///< in the order of removal
};

}  // namespace sandbox
