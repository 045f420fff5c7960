// SPDX-License-Identifier: Apache-2.0
#include "sandbox/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace sandbox {
namespace {

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
  }
  void send_raw(std::string_view bytes) const { base::write_all(ours_.get(), bytes); }

  base::Fd ours_;
  base::Fd theirs_;
};

/// A header as this machine writes it.
std::string header(std::uint32_t kind, std::uint32_t fds, std::uint64_t id, std::uint64_t length) {
  std::string bytes;
  const auto put = [&](const auto& value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(kind);
  put(fds);
  put(id);
  put(length);
  return bytes;
}

TEST_F(ChannelTest, FramesArriveInOrderWithTheirBodies) {
  FrameWriter writer(ours_.get());
  writer.send(FrameKind::request, 7, "first");
  writer.send(FrameKind::cancel, 7, "");
  auto first = receive_frame(theirs_.get());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, FrameKind::request);
  EXPECT_EQ(first->id, 7U);
  EXPECT_EQ(first->body, "first");
  const auto second = receive_frame(theirs_.get());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, FrameKind::cancel);
}

TEST_F(ChannelTest, DescriptorsStayWithTheirFrame) {
  FrameWriter writer(ours_.get());
  const std::array one = {STDERR_FILENO};
  const std::vector<int> many(kMaxFrameFds, STDERR_FILENO);
  writer.send(FrameKind::request, 1, "a", one);
  writer.send(FrameKind::request, 2, "b");
  writer.send(FrameKind::request, 3, "c", many);
  EXPECT_EQ(receive_frame(theirs_.get())->fds.size(), 1U);
  EXPECT_EQ(receive_frame(theirs_.get())->fds.size(), 0U);
  EXPECT_EQ(receive_frame(theirs_.get())->fds.size(), kMaxFrameFds);
}

TEST_F(ChannelTest, ManyThreadsMaySendAtOnce) {
  FrameWriter writer(ours_.get());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) writer.send(FrameKind::reply, 1, std::string(100'000, static_cast<char>('a' + i)));
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto frame = receive_frame(theirs_.get());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->body.find_first_not_of(frame->body[0]), std::string::npos) << "frames are mixed up";
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(ChannelTest, TheOtherEndsDeathIsTheEndEvenInsideAFrame) {
  send_raw(header(3, 0, 1, 100) + "only a part");
  ours_.reset();
  EXPECT_FALSE(receive_frame(theirs_.get()).has_value());
}

TEST_F(ChannelTest, SendingToADeadEndThrowsUnavailable) {
  theirs_.reset();
  FrameWriter writer(ours_.get());
  try {
    writer.send(FrameKind::request, 1, "x");
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::unavailable);
  }
}

TEST_F(ChannelTest, LyingHeadersAreRefused) {
  for (const auto& bytes : {header(99, 0, 1, 0), header(0, 0, 1, 0), header(3, 0, 1, 1ULL << 40), header(3, 5, 1, 0)}) {
    send_raw(bytes);
    EXPECT_THROW(receive_frame(theirs_.get()), base::Error);
  }
}

TEST(ChannelErrors, SurviveTheWayWithAllTheyCarry) {
  base::Error error(base::Code::data_loss, "wrong digest");
  error.add_frame("pulling");
  error.set_hint("try again");
  error.set_vertex("sha256:1");
  const base::Error back = decode_error(encode_error(error));
  EXPECT_EQ(back.code(), base::Code::data_loss);
  EXPECT_EQ(back.text(), "pulling: wrong digest");
  EXPECT_EQ(back.hint(), "try again");
  EXPECT_EQ(back.vertex(), "sha256:1");
}

TEST(ChannelErrors, AnOddCodeBecomesUnknown) {
  EXPECT_EQ(decode_error(R"({"code":77,"text":"x"})").code(), base::Code::unknown);
  EXPECT_EQ(decode_error("{}").text(), "the helper gave no reason");
}

}  // namespace
}  // namespace sandbox
