// SPDX-License-Identifier: Apache-2.0
// Runs the other tests again as an ordinary user, with and without subordinate ids. Started by root
// only: for an ordinary user the other tests are the rootless ones already.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/format.h"
#include "base/path.h"
#include "base/subprocess.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

/// A user that exists in a private mount namespace only, so that the machine's files stay as they are.
constexpr const char* kUser = "slipwaytest";
constexpr const char* kUid = "54321";

class RootlessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "only root can become another user";
    if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
    for (const char* program : {"unshare", "setpriv", "newuidmap"}) {
      if (!base::find_program(program)) GTEST_SKIP() << program << " is not installed";
    }
    if (base::exists("/proc/sys/user/max_user_namespaces") &&
        base::read_file("/proc/sys/user/max_user_namespaces") == "0\n") {
      GTEST_SKIP() << "user.max_user_namespaces is 0";
    }
  }

  /// Runs this program's tests as the user; /etc/subuid and /etc/subgid read as `subordinate`.
  base::Output run_tests(const std::string& filter, const std::string& subordinate,
                         const std::string& before = "true") const {
    const std::string passwd = directory_.path() + "/passwd";
    const std::string subids = directory_.path() + "/subids";
    base::write_file_atomic(
        passwd, base::read_file("/etc/passwd") + base::format("{}:x:{}:{}::/nonexistent:/bin/sh\n", kUser, kUid, kUid));
    base::write_file_atomic(subids, subordinate);
    (void)!::chmod(directory_.path().c_str(), 0755);
    // The build may lie below a directory that the user cannot enter, as /root is.
    const std::string reachable = directory_.path() + "/build";
    base::make_directories(reachable);
    const std::string self = base::read_link_at(AT_FDCWD, "/proc/self/exe");
    const std::string script = base::format(
        "for f in /etc/subuid /etc/subgid; do [ -e $f ] || : > $f; done; mount --bind {6} {7} && cd / && "
        "mount --bind {0} /etc/passwd && mount --bind {1} /etc/subuid && mount --bind {1} /etc/subgid && {5} && exec "
        "setpriv --reuid {2} --regid {2} --clear-groups {3} "
        "--gtest_filter='{4}'",
        passwd, subids, kUid, base::join_path(reachable, base::base_name(self)), filter, before, base::dir_name(self),
        reachable);
    base::Command command;
    command.argv = {"unshare", "--mount", "--propagation", "private", "sh", "-c", script};
    return base::run_collect(command);
  }

  base::TemporaryDirectory directory_;
};

TEST_F(RootlessTest, ContainersRunWithSubordinateIds) {
  const auto done = run_tests("ContainerTest.*:HelperTest.*", base::format("{}:200000:65536\n", kUser));
  EXPECT_EQ(done.status.code, 0) << done.out << done.err;
  EXPECT_EQ(done.out.find("SKIPPED ] ContainerTest.RunsAs"), std::string::npos) << done.out;
}

TEST_F(RootlessTest, WithoutAProcOfTheirOwnStepsRunOnlyWhenThatIsAllowed) {
  // As inside a container: with something mounted over a part of it, a /proc cannot be mounted anew.
  const std::string mask = "mount --bind /dev/null /proc/keys";
  const std::string ids = base::format("{}:200000:65536\n", kUser);
  const auto allowed = run_tests("ContainerTest.*", ids, mask);
  EXPECT_EQ(allowed.status.code, 0) << allowed.out << allowed.err;
  EXPECT_NE(allowed.out.find("no fresh /proc"), std::string::npos);
  const auto refused = run_tests("LeftoverTest.ABuildThatEnds*", ids, mask);
  EXPECT_NE(refused.status.code, 0);
  EXPECT_NE(refused.out.find("give the step a /proc of its own: the kernel refuses it here"), std::string::npos)
      << refused.out;
}

TEST_F(RootlessTest, ContainersRunWithASingleId) {
  const auto done = run_tests("ContainerTest.*:HelperTest.*", "");
  EXPECT_EQ(done.status.code, 0) << done.out << done.err;
}

}  // namespace
}  // namespace sandbox
