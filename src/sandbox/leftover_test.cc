// SPDX-License-Identifier: Apache-2.0
// What is left after a builder has ended in any way: nothing that runs, nothing mounted.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/subprocess.h"
#include "sandbox/cgroup.h"
#include "sandbox/device_gate.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

class LeftoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
    root_ = testing::make_busybox_root(directory_.path());
  }

  /// Everything the state directory may hold once no builder runs: the empty mount point.
  void expect_clean_state() const {
    EXPECT_EQ(base::list_directory(state_.path()), std::vector<std::string>{"mnt"});
    EXPECT_TRUE(base::list_directory(state_.path() + "/mnt").empty());
    EXPECT_EQ(base::read_file("/proc/self/mountinfo").find(state_.path()), std::string::npos);
  }

  base::TemporaryDirectory directory_;
  base::TemporaryDirectory state_;
  std::string root_;
};

std::string read_line(int fd) {
  std::string line;
  char byte = 0;
  while (base::read_up_to(fd, &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

/// True for a zombie as well: whoever inherited it may take its time.
bool gone(pid_t pid) {
  const auto status = base::read_file_if_exists(base::format("/proc/{}/status", pid), 65536);
  return !status || status->find("State:\tZ") != std::string::npos;
}

TEST_F(LeftoverTest, KillingTheBuilderEndsTheHelperAndTheStep) {
  base::Pipe out = base::make_pipe();
  base::Command command;
  command.argv = {testing::helper_argv()[0], "build", state_.path(), root_};
  command.stdout_fd = out.write.get();
  command.stderr_fd = STDERR_FILENO;
  base::Child builder = base::Child::start(command);
  out.write.reset();
  const auto helper = base::parse_int(read_line(out.read.get()));
  ASSERT_TRUE(helper.has_value());
  ASSERT_EQ(read_line(out.read.get()), "running");

  ::kill(builder.pid(), SIGKILL);  // the builder alone, not its group
  builder.wait();
  // Every process of the step holds the pipe: end of file means that all of them are gone.
  EXPECT_EQ(base::read_all(out.read.get()), "");
  while (!gone(static_cast<pid_t>(*helper))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  expect_clean_state();
}

TEST_F(LeftoverTest, ABuildThatEndsInOrderLeavesNothing) {
  std::string gate;
  CgroupLayout layout = CgroupLayout::none;
  pid_t pid = 0;
  {
    auto helper = Helper::start({.argv = testing::helper_argv(), .state_dir = state_.path()});
    EXPECT_EQ(testing::run_in(*helper, testing::shell_spec(root_, "true")).result.exit_code, 0);
    EXPECT_EQ(testing::run_in(*helper, testing::shell_spec(root_, "exit 3")).result.exit_code, 3);
    gate = helper->world().device_gate;
    layout = helper->world().cgroups;
    pid = helper->pid();
    if (!gate.empty()) {
      EXPECT_TRUE(base::exists(device_group_path(layout, gate)));
    }
  }
  EXPECT_TRUE(gone(pid));
  if (!gate.empty()) {
    EXPECT_FALSE(base::exists(device_group_path(layout, gate)));
  }
  expect_clean_state();
}

TEST_F(LeftoverTest, NoBundleStaysAfterAStep) {
  auto helper = Helper::start({.argv = testing::helper_argv(), .state_dir = state_.path()});
  testing::run_in(*helper, testing::shell_spec(root_, "true"));
  base::Json params = base::Json::object();
  const std::string work = helper->world().work_dir;
  params.set("argv", base::Json::strings({"/bin/sh", "-c", "ls -A " + work + "/bundles " + work + "/runtime"}));
  const std::string listing = helper->call("program", params).result["out"].as_string();
  EXPECT_EQ(listing, work + "/bundles:\n\n" + work + "/runtime:\n");
}

}  // namespace
}  // namespace sandbox
