// SPDX-License-Identifier: Apache-2.0
#pragma once
// The wire between the builder and its helper: frames with descriptors over a stream socket pair.
//
// A frame is a fixed header (kind, number of descriptors, id, length), then `length` bytes. The
// descriptors ride on the header's first byte (SCM_RIGHTS). Both ends are the same program on the
// same machine, so numbers are in the machine's own order.
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"

namespace sandbox {

enum class FrameKind : std::uint32_t {
  setup = 1,      ///< to the helper, first: how to set itself up
  hello = 2,      ///< from the helper: ready; body is the world
  request = 3,    ///< body: {"method", "params"}
  cancel = 4,     ///< to the helper: stop the request of that id
  reply = 5,      ///< body: the result
  failure = 6,    ///< body: an Error; id 0 means the helper could not start
  cancelled = 7,  ///< the request ended because of a cancel
};

struct Frame {
  FrameKind kind = FrameKind::request;
  std::uint64_t id = 0;
  std::string body;
  std::vector<base::Fd> fds;
};

/// The most descriptors one frame may carry (the kernel's SCM_MAX_FD).
constexpr std::size_t kMaxFrameFds = 253;
/// The longest body; a longer one is a bug or a lie.
constexpr std::uint64_t kMaxFrameBody = 1ULL << 30;

/// Sends whole frames from any thread.
class FrameWriter {
 public:
  explicit FrameWriter(int socket) : socket_(socket) {}
  /// Throws unavailable when the other end is gone, invalid_argument beyond the limits above.
  void send(FrameKind kind, std::uint64_t id, std::string_view body, std::span<const int> fds = {});

 private:
  int socket_;
  std::mutex mutex_;
};

/// The next frame; nothing once the other end is gone, even in the middle of a frame.
/// Throws data_loss on a header that no peer of ours would send.
std::optional<Frame> receive_frame(int socket);

/// An Error as a frame body and back: code, text, hint, vertex.
std::string encode_error(const base::Error& error);
base::Error decode_error(std::string_view body);

}  // namespace sandbox
