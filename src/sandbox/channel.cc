// SPDX-License-Identifier: Apache-2.0
#include "sandbox/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sandbox {
namespace {

struct Header {
  std::uint32_t kind;
  std::uint32_t fd_count;
  std::uint64_t id;
  std::uint64_t length;
};

using Control = std::array<char, CMSG_SPACE(sizeof(int) * kMaxFrameFds)>;

[[noreturn]] void fail_gone(int error) {
  base::fail(base::Code::unavailable, "send to the other end of the helper socket: {}", std::strerror(error));
}

void send_rest(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      fail_gone(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// One sendmsg with the descriptors; returns how many bytes of head and body went out.
std::size_t send_first(int socket, std::string_view head, std::string_view body, std::span<const int> fds) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
  alignas(cmsghdr) Control control;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = body.empty() ? 1 : 2;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* cmsg = CMSG_FIRSTHDR(&message);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(cmsg), fds.data(), fds.size_bytes());
  }
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) fail_gone(errno);
  }
}

void take_descriptors(msghdr& message, std::vector<base::Fd>& fds) {
  for (cmsghdr* cmsg = CMSG_FIRSTHDR(&message); cmsg != nullptr; cmsg = CMSG_NXTHDR(&message, cmsg)) {
    if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
}

/// Fills the buffer; false when the stream ended first.
bool receive_exactly(int socket, void* buffer, std::size_t size, std::vector<base::Fd>* fds) {
  auto* bytes = static_cast<char*>(buffer);
  while (size > 0) {
    iovec part{bytes, size};
    alignas(cmsghdr) Control control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fds != nullptr) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
    }
    const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != ECONNRESET) base::fail_errno(errno, "receive from the helper socket");
    if (got <= 0) return false;
    if (fds != nullptr) take_descriptors(message, *fds);
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

void FrameWriter::send(FrameKind kind, std::uint64_t id, std::string_view body, std::span<const int> fds) {
  if (fds.size() > kMaxFrameFds || body.size() > kMaxFrameBody) {
    base::fail(base::Code::invalid_argument, "message for the helper is too large ({} bytes, {} descriptors)",
               body.size(), fds.size());
  }
  const Header header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(fds.size()), id, body.size()};
  const std::string_view head(reinterpret_cast<const char*>(&header), sizeof header);
  const std::lock_guard lock(mutex_);
  std::size_t sent = send_first(socket_, head, body, fds);
  if (sent < head.size()) {
    send_rest(socket_, head.substr(sent));
    sent = head.size();
  }
  send_rest(socket_, body.substr(sent - head.size()));
}

std::optional<Frame> receive_frame(int socket) {
  Header header{};
  Frame frame;
  if (!receive_exactly(socket, &header, sizeof header, &frame.fds)) return std::nullopt;
  const bool known = header.kind >= static_cast<std::uint32_t>(FrameKind::setup) &&
                     header.kind <= static_cast<std::uint32_t>(FrameKind::cancelled);
  if (!known || header.length > kMaxFrameBody || header.fd_count != frame.fds.size()) {
    base::fail(base::Code::data_loss, "malformed frame on the helper socket (kind {}, {} bytes, {} of {} descriptors)",
               header.kind, header.length, frame.fds.size(), header.fd_count);
  }
  frame.kind = static_cast<FrameKind>(header.kind);
  frame.id = header.id;
  frame.body.resize(header.length);
  if (!receive_exactly(socket, frame.body.data(), frame.body.size(), nullptr)) return std::nullopt;
  return frame;
}

std::string encode_error(const base::Error& error) {
  base::Json body = base::Json::object();
  body.set("code", static_cast<int>(error.code())).set("text", error.text());
  body.set_nonempty("hint", error.hint()).set_nonempty("vertex", error.vertex());
  return body.dump();
}

base::Error decode_error(std::string_view body) {
  const base::Json json = base::Json::parse(body);
  std::int64_t code = json["code"].int_or(0);
  if (code < 1 || code > 16) code = static_cast<int>(base::Code::unknown);
  base::Error error(static_cast<base::Code>(code), json["text"].string_or("the helper gave no reason"));
  error.set_hint(json["hint"].string_or(""));
  error.set_vertex(json["vertex"].string_or(""));
  return error;
}

}  // namespace sandbox
