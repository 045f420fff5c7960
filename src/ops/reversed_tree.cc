// SPDX-License-Identifier: Apache-2.0
#include "ops/reversed_tree.h"

#include "base/error.h"
#include "base/strings.h"
#include "base/subprocess.h"

namespace ops {

void mount_reversed(const std::string& tree, const std::string& point) {
  // The program goes to the background once the mount stands. Sizes on disk (pad-blocks) stay as they are.
  const auto output =
      base::run_collect({.argv = {"disorderfs", "--quiet", "--multi-user=yes", "--reverse-dirents=yes",
                                  "--pad-blocks=0", "-o", "use_ino,suid,dev,default_permissions", tree, point}});
  if (output.status.ok()) return;
  base::fail(base::Code::failed_precondition, "mount a step's files through disorderfs: {}", base::trim(output.err));
}

}  // namespace ops
