// SPDX-License-Identifier: Apache-2.0
#include "sandbox/network_namespace.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"
#include "sandbox/pass_fd.h"
#include "sandbox/testing/test_helper.h"

namespace sandbox {
namespace {

/// What a script prints that runs in a closed network; `serve` has the listening socket meanwhile.
std::string in_closed_network(const std::string& script, const std::function<void(int listener)>& serve) {
  const base::TemporaryDirectory directory;
  const auto helper = Helper::start(
      {.argv = testing::helper_argv(), .state_dir = directory.path() + "/state", .shared_proc = SharedProc::allow});
  const auto spec = testing::shell_spec(testing::make_busybox_root(directory.path()), script);
  SocketPair pair = make_socket_pair();
  base::Pipe out = base::make_pipe();
  std::thread server([&] {
    const base::Fd listener = receive_fd(pair.ours.get());
    if (listener) serve(listener.get());
  });
  const std::array fds = {out.write.get(), out.write.get(), pair.theirs.get()};
  try {
    helper->call("run_closed", to_json(spec), fds);
  } catch (const base::Error& error) {
    ADD_FAILURE() << error.text();
  }
  pair.theirs.reset();
  server.join();
  out.write.reset();
  return base::read_all(out.read.get());
}

TEST(ClosedNetwork, HasNothingButLoopbackAndTheSocket) {
  if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
  const std::string text = in_closed_network(
      "cut -d: -f1 -s /proc/net/dev | tr -d ' '; cat /proc/net/route /proc/net/unix | wc -l; echo asks | nc 127.0.0.1 "
      "3128",
      [](int listener) {
        const base::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        std::array<char, 5> question{};
        EXPECT_EQ(base::read_up_to(client.get(), question.data(), question.size()), 5U);
        base::write_all(client.get(), std::string(question.data(), 4) + " answered");
      });
  // One line is the head of each table.
  EXPECT_EQ(text, "lo\n2\nasks answered");
}

TEST(ClosedNetwork, NobodyListensThereOnceTheOwnerIsGone) {
  if (const auto obstacle = testing::container_obstacle()) GTEST_SKIP() << *obstacle;
  const std::string text =
      in_closed_network("sleep 0.2; nc 127.0.0.1 3128 </dev/null 2>/dev/null || echo refused", [](int) {});
  EXPECT_EQ(text, "refused\n");
}

TEST(PassFd, GivesNoneWhenTheOtherEndIsGone) {
  SocketPair pair = make_socket_pair();
  pair.theirs.reset();
  EXPECT_FALSE(receive_fd(pair.ours.get()));
  EXPECT_FALSE(send_fd(pair.ours.get(), pair.ours.get()));
}

}  // namespace
}  // namespace sandbox
