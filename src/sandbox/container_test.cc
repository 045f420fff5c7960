// SPDX-License-Identifier: Apache-2.0
#include "sandbox/container.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/path.h"
#include "base/strings.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

using testing::shell_spec;

/// One helper for all tests: containers are what is tried here.
class ContainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (testing::container_obstacle()) return;
    state_ = std::make_unique<base::TemporaryDirectory>();
    // The other runtime is tried by naming it here: SLIPWAY_TEST_RUNTIME=runc.
    const char* runtime = ::getenv("SLIPWAY_TEST_RUNTIME");
    helper_ = Helper::start({.argv = testing::helper_argv(),
                             .state_dir = state_->path(),
                             .runtime = runtime ? runtime : "",
                             .shared_proc = SharedProc::allow});
  }
  static void TearDownTestSuite() {
    helper_.reset();
    state_.reset();
  }

  void SetUp() override {
    if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
    root_ = testing::make_busybox_root(directory_.path());
  }

  testing::ContainerRun run(const ContainerSpec& spec, const std::stop_token& stop = {}) {
    return testing::run_in(*helper_, spec, stop);
  }
  /// What the script prints; the step must succeed.
  std::string output(const std::string& script) {
    const auto done = run(shell_spec(root_, script));
    EXPECT_EQ(done.result.exit_code, 0) << done.err;
    return done.out;
  }
  static bool rootless() { return helper_->world().rootless(); }

  inline static std::unique_ptr<base::TemporaryDirectory> state_;
  inline static std::unique_ptr<Helper> helper_;
  base::TemporaryDirectory directory_;
  std::string root_;
};

TEST_F(ContainerTest, GivesOutputAndExitCode) {
  const auto done = run(shell_spec(root_, "echo to out; echo to err >&2; exit 42"));
  EXPECT_EQ(done.out, "to out\n");
  EXPECT_EQ(done.err, "to err\n");
  EXPECT_EQ(done.result.exit_code, 42);
  EXPECT_EQ(done.result.signal, 0);
}

TEST_F(ContainerTest, TheShellIsPidOneAndSurvivesKillingItself) {
  EXPECT_EQ(output("echo $$; kill -9 $$; echo alive"), "1\nalive\n");
}

TEST_F(ContainerTest, SeesOnlyItsOwnProcesses) {
  if (!helper_->world().fresh_proc) GTEST_SKIP() << "no fresh /proc can be mounted here";
  EXPECT_EQ(output("set -- /proc/[0-9]*; echo $#"), "1\n");
}

TEST_F(ContainerTest, ReportsTheSignalThatEndedAChild) {
  const auto done = run(shell_spec(root_, "sh -c 'kill -9 $$'; exit $?"));
  EXPECT_EQ(done.result.exit_code, 137);
}

TEST_F(ContainerTest, HasDockersCapabilitiesSeccompAndNoNewPrivilegesOff) {
  const std::string status =
      output("grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status");
  EXPECT_EQ(status,
            "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"
            "CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n");
}

TEST_F(ContainerTest, CannotMountOrMakeNamespaces) {
  EXPECT_EQ(output("mount -t tmpfs none /tmp 2>/dev/null && echo mounted || echo refused"), "refused\n");
}

TEST_F(ContainerTest, HidesKernelFilesAndKeepsSysctlsReadOnly) {
  EXPECT_EQ(output("wc -c < /proc/keys; echo x 2>/dev/null > /proc/sys/kernel/hostname || echo read-only"),
            "0\nread-only\n");
}

TEST_F(ContainerTest, HasTheHostNameOfBuildKit) {
  EXPECT_EQ(output("cat /proc/sys/kernel/hostname"), "buildkitsandbox\n");
  auto spec = shell_spec(root_, "cat /proc/sys/kernel/hostname; cat /etc/hosts");
  spec.hostname = "other";
  spec.extra_hosts = {{"db", "10.0.0.1"}};
  EXPECT_EQ(run(spec).out,
            "other\n127.0.0.1\tlocalhost other\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.1\tdb\n");
}

TEST_F(ContainerTest, TheImagesOwnHostsFileStaysAsItIs) {
  base::write_file_atomic(root_ + "/etc/hosts", "9.9.9.9 mine\n");
  EXPECT_EQ(output("echo 1.2.3.4 z 2>/dev/null >> /etc/hosts || echo refused"), "refused\n");
  EXPECT_EQ(base::read_file(root_ + "/etc/hosts"), "9.9.9.9 mine\n");
}

TEST_F(ContainerTest, LeavesNoMountPointsButProcSysAndDev) {
  output("true");
  EXPECT_EQ(base::list_directory(root_), (std::vector<std::string>{"bin", "dev", "etc", "proc", "sys", "tmp"}));
  EXPECT_EQ(base::list_directory(root_ + "/etc"), (std::vector<std::string>{"group", "passwd"}));
  for (const char* name : {"/proc", "/sys", "/dev"}) {
    EXPECT_EQ(base::lstat_if_exists(root_ + name)->st_mode & 07777, 0755U) << name;
    EXPECT_TRUE(base::list_directory(root_ + name).empty()) << name;
  }
}

TEST_F(ContainerTest, RemovesTheParentsOfMountPointsToo) {
  const std::string source = directory_.path() + "/source";
  base::make_directories(source);
  base::write_file_atomic(source + "/file", "hello");
  auto spec = shell_spec(root_, "cat /deep/er/m/file; echo x 2>/dev/null > /deep/er/m/new || echo -ro");
  spec.mounts.push_back({"/deep/er/m", "bind", source, {"rbind", "ro"}});
  EXPECT_EQ(run(spec).out, "hello-ro\n");
  EXPECT_FALSE(base::exists(root_ + "/deep"));
}

TEST_F(ContainerTest, AFileCanBeMountedAndLeavesNothing) {
  const std::string source = directory_.path() + "/secret";
  base::write_file_atomic(source, "s3cret");
  auto spec = shell_spec(root_, "cat /run/secrets/token");
  spec.mounts.push_back({"/run/secrets/token", "bind", source, {"rbind", "ro", "nosuid", "nodev", "noexec"}});
  EXPECT_EQ(run(spec).out, "s3cret");
  EXPECT_FALSE(base::exists(root_ + "/run"));
}

TEST_F(ContainerTest, ATmpfsKeepsToItsSize) {
  auto spec = shell_spec(root_,
                         "dd if=/dev/zero of=/scratch/x bs=1024 count=2048 2>/dev/null || echo full; "
                         "stat -c %a /scratch");
  spec.mounts.push_back({"/scratch", "tmpfs", "tmpfs", {"nosuid", "nodev", "size=1048576", "mode=1777"}});
  EXPECT_EQ(run(spec).out, "full\n1777\n");
}

TEST_F(ContainerTest, TheSharedMemoryHasItsSizeAndIsLost) {
  auto spec = shell_spec(root_, "grep ' /dev/shm ' /proc/self/mounts; echo x > /dev/shm/x; touch /dev/foo");
  spec.shm_size = 8U << 20;
  EXPECT_NE(run(spec).out.find("size=8192k"), std::string::npos);
  EXPECT_TRUE(base::list_directory(root_ + "/dev").empty());
}

TEST_F(ContainerTest, StandardInputIsAnEndedPipe) {
  EXPECT_EQ(output("wc -c; case $(readlink /proc/self/fd/0) in pipe*) echo pipe;; *) echo other;; esac"), "0\npipe\n");
}

TEST_F(ContainerTest, RunsAsTheUserWithItsGroups) {
  auto spec = shell_spec(root_, "id -u; id -g; id -G; touch /root-only 2>/dev/null || echo refused; touch /tmp/mine");
  spec.user = {1000, 1000, {1000, 50}};
  if (rootless() && helper_->world().tier == TierKind::single_id) {
    EXPECT_THROW(run(spec), base::Error);
    return;
  }
  EXPECT_EQ(run(spec).out, "1000\n1000\n1000 50\nrefused\n");
}

TEST_F(ContainerTest, MakesAMissingWorkingDirectory) {
  auto spec = shell_spec(root_, "pwd; stat -c '%a %u' /a/b");
  spec.cwd = "/a/b";
  EXPECT_EQ(run(spec).out, "/a/b\n755 0\n");
  EXPECT_TRUE(base::exists(root_ + "/a/b"));
}

TEST_F(ContainerTest, TheUmaskIsTheUsualOneWhateverOursIs) {
  EXPECT_EQ(output("touch /f; mkdir /d; stat -c %a /f; stat -c %a /d"), "644\n755\n");
}

TEST_F(ContainerTest, WithoutNetworkThereIsOnlyALoopbackThatIsUp) {
  auto spec = shell_spec(root_, "ls /sys/class/net; grep -q 127.0.0.0 /proc/net/fib_trie && echo up");
  spec.network = Network::none;
  EXPECT_EQ(run(spec).out, "lo\nup\n");
}

TEST_F(ContainerTest, CanMakeDeviceNodesWhereTheKernelLetsIt) {
  const auto done = run(shell_spec(root_, "mknod /c c 1 3"));
  EXPECT_EQ(done.result.exit_code == 0, !rootless());
}

TEST_F(ContainerTest, CannotOpenTheHostsDevicesThroughNodesOfItsOwn) {
  if (rootless()) GTEST_SKIP() << "needs real root";
  // The fuse device may be opened by anyone on the host; a step may make its node, but not open it.
  auto spec = shell_spec(root_,
                         "mknod /fuse c 10 229 && mknod /dev/f c 10 229 && for f in /fuse /dev/f; do "
                         "dd if=$f of=/dev/null bs=1 count=0 2>&1; done");
  const auto done = run(spec);
  EXPECT_EQ(done.out,
            "dd: can't open '/fuse': Operation not permitted\n"
            "dd: can't open '/dev/f': Operation not permitted\n");
  spec.security = Security::insecure;
  spec.argv[2] = "dd if=/fuse of=/dev/null bs=1 count=0 2>&1 | grep -c permitted";
  EXPECT_EQ(run(spec).out, "0\n");
}

TEST_F(ContainerTest, HasTheUsualDevices) {
  EXPECT_EQ(output("for d in null zero full random urandom tty ptmx fd stdin shm pts; do "
                   "[ -e /dev/$d -o -L /dev/$d ] || echo no $d; done; echo x > /dev/null; dd if=/dev/zero bs=4 count=1 "
                   "2>/dev/null | wc -c"),
            "4\n");
}

TEST_F(ContainerTest, LimitsAreLoweredToWhatWeMayGrant) {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  auto spec = shell_spec(root_, "ulimit -Sn; ulimit -Hn");
  spec.ulimits = {{"nofile", 100, 200}};
  EXPECT_EQ(run(spec).out, "100\n200\n");
  spec.ulimits = {{"nofile", 1 << 30, 1 << 30}};
  const auto done = run(spec);
  EXPECT_EQ(done.result.exit_code, 0) << done.err;
  spec.ulimits = {{"core", -1, -1}};
  spec.argv[2] = "ulimit -Hc";
  EXPECT_EQ(run(spec).result.exit_code, 0);
}

TEST_F(ContainerTest, AMemoryLimitIsKeptAndSaidWhenItStruck) {
  auto spec = shell_spec(root_, "exec dd if=/dev/zero of=/dev/shm/x bs=1048576 count=60 2>/dev/null");
  spec.limits.memory = 24 << 20;
  spec.limits.memory_swap = 24 << 20;
  const auto done = run(spec);
  if (!done.result.notes.empty()) {
    EXPECT_EQ(done.result.exit_code, 0);
    EXPECT_NE(done.result.notes[0].find("have no effect"), std::string::npos);
    return;
  }
  EXPECT_EQ(done.result.exit_code, 137) << done.err;
  EXPECT_TRUE(done.result.oom);
}

TEST_F(ContainerTest, AProgramThatDoesNotExistIsExitCode127) {
  auto spec = shell_spec(root_, "");
  spec.argv = {"/no/such"};
  const auto done = run(spec);
  EXPECT_EQ(done.result.exit_code, 127);
  EXPECT_NE(done.err.find("/no/such"), std::string::npos) << done.err;
  spec.argv = {"no-such-on-path"};
  EXPECT_EQ(run(spec).result.exit_code, 127);
}

TEST_F(ContainerTest, AProgramThatMayNotBeRunIsExitCode126) {
  base::write_file_atomic(root_ + "/data", "text", base::Durable::no, 0644);
  auto spec = shell_spec(root_, "");
  spec.argv = {"/data"};
  EXPECT_EQ(run(spec).result.exit_code, 126);
}

TEST_F(ContainerTest, ArgumentsAndEnvironmentArriveByteForByte) {
  auto spec = shell_spec(root_, "");
  spec.argv = {"/bin/sh", "-c", "echo \"$0|$1|$V\"", "zé\"ro", "<a&b>\n'x'"};
  spec.env = {"PATH=/bin", "V=a=b \\ \"q\" \xe2\x80\xa8"};
  EXPECT_EQ(run(spec).out, "zé\"ro|<a&b>\n'x'|a=b \\ \"q\" \xe2\x80\xa8\n");
}

TEST_F(ContainerTest, BackgroundProcessesEndWithTheFirst) {
  // The pipe only ends when the last process that holds it has.
  EXPECT_EQ(output("sleep 300 & echo done"), "done\n");
}

TEST_F(ContainerTest, AStopKillsEverythingAtOnce) {
  std::stop_source stop;
  base::Pipe out = base::make_pipe();
  const std::array fds = {out.write.get(), out.write.get()};
  const auto spec = shell_spec(root_, "sleep 300 & echo started; sleep 300");
  std::thread runner(
      [&] { EXPECT_THROW(helper_->call("run", to_json(spec), fds, stop.get_token()), base::Cancelled); });
  std::array<char, 8> text{};
  EXPECT_EQ(base::read_up_to(out.read.get(), text.data(), text.size()), 8U);
  stop.request_stop();
  runner.join();
  out.write.reset();
  EXPECT_EQ(base::read_all(out.read.get()), "");
  EXPECT_EQ(base::list_directory(root_ + "/etc"), (std::vector<std::string>{"group", "passwd"}));
}

TEST_F(ContainerTest, InsecureStepsHaveEveryCapabilityAndNoFilter) {
  auto spec = shell_spec(root_, "grep Seccomp: /proc/self/status; mount -t tmpfs none /tmp && echo mounted");
  spec.security = Security::insecure;
  EXPECT_EQ(run(spec).out, "Seccomp:\t0\nmounted\n");
}

TEST_F(ContainerTest, AReadOnlyRootRefusesWrites) {
  for (const char* name : {"/proc", "/sys", "/dev"}) base::make_directories(root_ + name);
  base::write_file_atomic(root_ + "/etc/hosts", "");
  base::write_file_atomic(root_ + "/etc/resolv.conf", "");
  auto spec = shell_spec(root_, "touch /x 2>/dev/null || echo refused");
  spec.root_access = RootAccess::read_only;
  EXPECT_EQ(run(spec).out, "refused\n");
}

TEST_F(ContainerTest, AMountThatCannotBeMadeIsAnErrorAndNotAnExitCode) {
  auto spec = shell_spec(root_, "true");
  spec.mounts.push_back({"/x", "bind", "/no/such/source", {"rbind"}});
  try {
    run(spec);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_NE(error.text().find("could not set up the container"), std::string::npos) << error.text();
  }
}

TEST_F(ContainerTest, SaysWhatTheStepUsed) {
  const auto done = run(shell_spec(root_, "true"));
  EXPECT_GT(done.result.resources.max_rss_bytes, 0);
  EXPECT_GT(done.result.resources.user_ns + done.result.resources.system_ns, 0);
}

TEST(ContainerJson, SurvivesTheRoundTrip) {
  ContainerSpec spec;
  spec.rootfs = "/r";
  spec.root_access = RootAccess::read_only;
  spec.argv = {"a", ""};
  spec.env = {"K=V"};
  spec.cwd = "/w";
  spec.user = {4294967294U, 7, {1, 2}};
  spec.hostname = "h";
  spec.network = Network::none;
  spec.security = Security::insecure;
  spec.mounts = {{"/t", "bind", "/s", {"ro"}}};
  spec.extra_hosts = {{"n", "1.2.3.4"}};
  spec.ulimits = {{"nofile", 1, -1}};
  spec.shm_size = 5;
  spec.cgroup_parent = "/p";
  spec.limits.memory = 6;
  spec.limits.memory_swap = -1;
  spec.limits.cpuset_cpus = "0-1";
  spec.stub_removal = StubRemoval::target_only;
  const base::Json json = to_json(spec);
  EXPECT_EQ(to_json(container_spec_from_json(base::Json::parse(json.dump()))), json);
}

}  // namespace
}  // namespace sandbox
