// SPDX-License-Identifier: Apache-2.0
#include "sandbox/helper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "base/error.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

using base::Json;

class HelperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = testing::helper_obstacle()) GTEST_SKIP() << *obstacle;
    helper_ = Helper::start({.argv = testing::helper_argv(), .state_dir = state_.path()});
  }

  Json program(const std::vector<std::string>& argv) {
    Json params = Json::object();
    params.set("argv", Json::strings(argv));
    return helper_->call("program", params).result;
  }

  base::TemporaryDirectory state_;
  std::unique_ptr<Helper> helper_;
};

TEST_F(HelperTest, AnswersACallWithItsResult) {
  Json params = Json::object();
  params.set("name", "grüße").set("list", Json::strings({"a", "b"}));
  EXPECT_EQ(helper_->call("echo", params).result, params);
}

TEST_F(HelperTest, CarriesMessagesFarLargerThanASocketBuffer) {
  Json params = Json::object();
  params.set("text", std::string(9 << 20, 'x'));
  EXPECT_EQ(helper_->call("echo", params).result["text"].as_string().size(), 9U << 20);
}

TEST_F(HelperTest, PassesDescriptorsBothWays) {
  base::Pipe pipe = base::make_pipe();
  const std::array fds = {pipe.read.get(), pipe.write.get()};
  const Reply reply = helper_->call("echo", Json::object(), fds);
  ASSERT_EQ(reply.fds.size(), 2U);
  base::write_all(reply.fds[1].get(), "through");
  std::array<char, 7> bytes{};
  base::read_up_to(pipe.read.get(), bytes.data(), bytes.size());
  EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "through");
  EXPECT_EQ(::fcntl(reply.fds[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(HelperTest, RefusesMoreDescriptorsThanAFrameHoldsAndGoesOn) {
  const std::vector<int> fds(300, STDERR_FILENO);
  EXPECT_THROW(helper_->call("echo", Json::object(), fds), base::Error);
  EXPECT_NO_THROW(helper_->call("echo", Json::object()));
}

TEST_F(HelperTest, ThrowsTheHandlersErrorWithCodeTextAndHint) {
  Json params = Json::object();
  params.set("text", "no space left");
  try {
    helper_->call("fail", params);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::resource_exhausted);
    EXPECT_EQ(error.text(), "unpacking a layer: no space left");
    EXPECT_EQ(error.hint(), "buy a larger disk");
  }
}

TEST_F(HelperTest, SaysWhenAMethodDoesNotExist) {
  try {
    helper_->call("dance", Json::object());
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::unimplemented);
    EXPECT_EQ(error.text(), "the helper knows no method \"dance\"");
  }
}

TEST_F(HelperTest, RunsManyCallsAtOnce) {
  // Each call ends only when it is cancelled, so all of them must be running together.
  constexpr int kCalls = 8;
  base::Pipe pipe = base::make_pipe();
  std::stop_source stop;
  std::vector<std::thread> threads;
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < kCalls; ++i) {
    threads.emplace_back([&] {
      const std::array fds = {pipe.write.get()};
      try {
        helper_->call("wait", Json::object(), fds, stop.get_token());
      } catch (const base::Cancelled&) {
        ++cancelled;
      }
    });
  }
  std::array<char, kCalls> started{};
  EXPECT_EQ(base::read_up_to(pipe.read.get(), started.data(), started.size()), started.size());
  stop.request_stop();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(cancelled, kCalls);
}

TEST_F(HelperTest, ACallWithAnAlreadyStoppedTokenIsCancelledWithoutRunning) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(helper_->call("echo", Json::object(), {}, stop.get_token()), base::Cancelled);
}

TEST_F(HelperTest, EveryPendingAndLaterCallHearsOfTheHelpersDeath) {
  base::Pipe pipe = base::make_pipe();
  const std::array fds = {pipe.write.get()};
  std::string pending;
  std::thread waiter([&] {
    try {
      helper_->call("wait", Json::object(), fds);
    } catch (const base::Error& error) {
      pending = error.text();
    }
  });
  char byte = 0;
  base::read_up_to(pipe.read.get(), &byte, 1);
  EXPECT_THROW(helper_->call("crash", Json::object()), base::Error);
  waiter.join();
  EXPECT_EQ(pending, "the helper process died: killed by signal 9 (Killed)");
  EXPECT_THROW(helper_->call("echo", Json::object()), base::Error);
}

TEST_F(HelperTest, StandsInAPidNamespaceOfItsOwn) {
  const Json result = program({"/bin/sh", "-c", "readlink /proc/self/ns/pid; cat /proc/1/comm"});
  const std::string ours = base::read_link_at(AT_FDCWD, "/proc/self/ns/pid");
  EXPECT_EQ(result["out"].as_string().find(ours), std::string::npos);
  if (helper_->world().fresh_proc) {
    EXPECT_NE(result["out"].as_string().find("sandbox_test_he"), std::string::npos);
  }
}

TEST_F(HelperTest, ItsWorkDirectoryIsATmpfsThatOthersDoNotSee) {
  const std::string work = helper_->world().work_dir;
  EXPECT_EQ(program({"/bin/sh", "-c", "echo x > " + work + "/probe"})["code"].as_int(), 0);
  EXPECT_NE(program({"/bin/cat", "/proc/self/mountinfo"})["out"].as_string().find(work + " "), std::string::npos);
  EXPECT_FALSE(base::exists(work + "/probe"));
}

TEST_F(HelperTest, TakesEveryProcessItStartedWithItWhenItGoes) {
  // Orphans of the helper hold the pipe's write end, so its end of file is their end.
  base::Pipe pipe = base::make_pipe();
  const std::array fds = {pipe.write.get()};
  std::thread waiter([&] { EXPECT_THROW(helper_->call("wait", Json::object(), fds), base::Error); });
  char byte = 0;
  base::read_up_to(pipe.read.get(), &byte, 1);
  pipe.write.reset();
  ::kill(helper_->pid(), SIGKILL);
  waiter.join();
  EXPECT_EQ(base::read_up_to(pipe.read.get(), &byte, 1), 0U);
}

TEST(HelperStart, SaysWhenTheProgramEndsBeforeItIsReady) {
  const base::TemporaryDirectory state;
  try {
    Helper::start({.argv = {"/bin/false"}, .state_dir = state.path(), .tier = Tier{TierKind::root, {}, {}, ""}});
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "starting the helper process: the helper process died: exit code 1");
  }
}

TEST(HelperStart, SaysWhenTheProgramDoesNotExist) {
  const base::TemporaryDirectory state;
  EXPECT_THROW(Helper::start({.argv = {"/no/such"}, .state_dir = state.path(), .tier = Tier{}}), base::Error);
}

TEST(HelperStart, TellsWhyThisMachineOffersNoTier) {
  const base::TemporaryDirectory state;
  const Tier none{TierKind::unavailable, {}, {}, "user.max_user_namespaces is 0"};
  try {
    Helper::start({.argv = testing::helper_argv(), .state_dir = state.path(), .tier = none});
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.text(), "starting the helper process: no container can be run: user.max_user_namespaces is 0");
    EXPECT_NE(error.hint(), "");
  }
}

}  // namespace
}  // namespace sandbox
