// SPDX-License-Identifier: Apache-2.0
// Runs the container tests again in a plain chroot, whose "/" is no mount point: there pivot_root(2)
// fails unless the helper prepares it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "base/format.h"
#include "base/subprocess.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

TEST(ChrootTest, ContainersRunWhereTheRootIsNoMountPoint) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer runs a thread of its own, and a process with threads cannot change its root's mount";
#endif
  if (::getuid() != 0) GTEST_SKIP() << "only root can use chroot";
  if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
  if (!base::find_program("unshare")) GTEST_SKIP() << "unshare is not installed";
  const base::TemporaryDirectory directory;
  const std::string script = base::format(
      "set -e; cd {}; for d in /*; do if [ -L $d ]; then ln -s $(readlink $d) .$d; elif [ -d $d ]; then mkdir .$d; "
      "mount --rbind $d .$d; fi; done; exec chroot . {} --gtest_filter=ContainerTest.*",
      directory.path(), base::read_link_at(AT_FDCWD, "/proc/self/exe"));
  base::Command command;
  command.argv = {"unshare", "--mount", "--propagation", "private", "sh", "-c", script};
  const auto done = base::run_collect(command);
  EXPECT_EQ(done.status.code, 0) << done.out << done.err;
  EXPECT_NE(done.out.find("[  PASSED  ]"), std::string::npos);
}

}  // namespace
}  // namespace sandbox
