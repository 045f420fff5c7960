// SPDX-License-Identifier: Apache-2.0
#include "sandbox/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/format.h"

namespace sandbox {
namespace {

struct Terminal {
  base::Fd master;
  base::Fd slave;
};

Terminal make_terminal(unsigned short rows, unsigned short columns) {
  int master = -1;
  int slave = -1;
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
  return {base::Fd(master), base::Fd(slave)};
}

/// Sends a terminal's master to the socket at a path, as an OCI runtime does.
void send_master(const std::string& path, int master) {
  const base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  char name[] = "/dev/pts/0";
  iovec part{name, sizeof name - 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &master, sizeof master);
  ASSERT_GT(::sendmsg(socket.get(), &message, 0), 0);
}

std::string read_until(int fd, std::string_view end) {
  std::string text;
  char byte = 0;
  while (!text.ends_with(end) && ::read(fd, &byte, 1) == 1) text.push_back(byte);
  return text;
}

class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/slipway-terminal.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { base::remove_tree(directory_); }
  std::string path() const { return directory_ + "/console"; }

 private:
  std::string directory_;
};

TEST_F(TerminalTest, CarriesBothWaysInTheSizeOfTheOuterOne) {
  Terminal outer = make_terminal(30, 90);
  Terminal inner = make_terminal(24, 80);
  termios before{};
  ASSERT_EQ(::tcgetattr(outer.slave.get(), &before), 0);
  {
    TerminalRelay relay(outer.slave.get(), outer.slave.get());
    termios raw{};
    ASSERT_EQ(::tcgetattr(outer.slave.get(), &raw), 0);
    EXPECT_EQ(raw.c_lflag & (ICANON | ECHO | ISIG), 0U);
    TerminalPass pass(path(), relay.socket());
    send_master(path(), inner.master.get());
    inner.master.reset();
    ASSERT_EQ(::write(inner.slave.get(), "from inside\n", 12), 12);
    EXPECT_EQ(read_until(outer.master.get(), "inside\r\n"), "from inside\r\n");
    ASSERT_EQ(::write(outer.master.get(), "typed\r", 6), 6);
    EXPECT_EQ(read_until(inner.slave.get(), "\n"), "typed\n");
    winsize size{};
    ASSERT_EQ(::ioctl(inner.slave.get(), TIOCGWINSZ, &size), 0);
    EXPECT_EQ(size.ws_row, 30);
    EXPECT_EQ(size.ws_col, 90);
    inner.slave.reset();
  }
  termios after{};
  ASSERT_EQ(::tcgetattr(outer.slave.get(), &after), 0);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
}

TEST_F(TerminalTest, EndsWhenNoMasterEverComes) {
  Terminal outer = make_terminal(30, 90);
  TerminalRelay relay(outer.slave.get(), outer.slave.get());
  const TerminalPass pass(path(), relay.socket());
}

}  // namespace
}  // namespace sandbox
