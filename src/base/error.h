// SPDX-License-Identifier: Apache-2.0
#pragma once
// Errors: what every failed operation throws, and how context is added on the way up.
//
// An operation that failed throws `base::Error`. An outcome that a caller branches on (a cache
// miss, a missing file, a 404) is a value: a `std::optional` or an enum.
//
//     base::with_context([&] { apply(layer); }, "applying layer {}", digest);
//     int fd = SLIP_SYSCALL(::openat(dir, name, flags), "open {}", name);
//
// The text is part of the product: lower case, what was attempted, on what, why it failed; what to
// do next goes into the hint. `Error::text()` joins the frames from the outside in:
// "exporting to out.tar: applying layer sha256:…: unexpected end of file".
//
// Errors are caught in few places: the vertex runner (which hands one failure to every waiter),
// the helper's request loop, and main(). Cancellation is `base::Cancelled`, not an Error.
#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/format.h"

namespace base {

/// The sixteen gRPC codes, so that a daemon can pass them on unchanged.
enum class Code : std::uint8_t {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// "not_found" and so on, as written above.
std::string_view code_name(Code code);

/// A position in a text file; lines count from 1, characters from 0 (as BuildKit's pb.Position).
struct SourcePoint {
  int line = 0;
  int character = 0;
  bool operator==(const SourcePoint&) const = default;
};

struct SourceSpan {
  SourcePoint start;
  SourcePoint end;
  bool operator==(const SourceSpan&) const = default;
};

/// Where in a source file an error belongs. `data` is the file's whole text, for the excerpt.
struct SourceRange {
  std::string filename;
  std::shared_ptr<const std::string> data;
  std::vector<SourceSpan> spans;
};

class Error : public std::exception {
 public:
  Error(Code code, std::string message);

  Code code() const { return code_; }
  /// The innermost message, without frames.
  const std::string& message() const { return message_; }
  /// Frames and message, outermost first, joined with ": ".
  const std::string& text() const { return text_; }
  const char* what() const noexcept override { return text_.c_str(); }

  /// Puts `frame` in front of everything said so far.
  void add_frame(std::string_view frame);

  const std::optional<SourceRange>& source() const { return source_; }
  void set_source(SourceRange source) { source_ = std::move(source); }

  /// A policy said no, where nothing was broken; the program's exit code tells the two apart.
  bool is_refusal() const { return is_refusal_; }
  void set_refusal() { is_refusal_ = true; }

  /// Digest of the vertex whose op failed, or "".
  const std::string& vertex() const { return vertex_; }
  void set_vertex(std::string digest) { vertex_ = std::move(digest); }

  /// What the user can do about it, or ""; printed on a line of its own.
  const std::string& hint() const { return hint_; }
  void set_hint(std::string hint) { hint_ = std::move(hint); }

 private:
  Code code_;
  std::string message_;
  std::string text_;
  std::optional<SourceRange> source_;
  std::string vertex_;
  bool is_refusal_ = false;
  std::string hint_;
};

/// Thrown where a stop was requested: ends the work without being a failure of it.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

/// Throws Error(code, formatted text).
template <typename... Args>
[[noreturn]] void fail(Code code, format_string<Args...> text, Args&&... args) {
  throw Error(code, base::format(text, std::forward<Args>(args)...));
}

/// The code that fits an errno: ENOENT is not_found, EACCES permission_denied, ENOSPC resource_exhausted …
Code code_of_errno(int error);

/// Throws Error("what: strerror(error)"); ENOSPC and EDQUOT get a hint about free space.
[[noreturn]] void fail_errno(int error, std::string_view what);

/// Runs `body`; an Error that leaves it gets the frame. Formatting happens only then.
template <typename Body, typename... Args>
decltype(auto) with_context(Body&& body, format_string<const Args&...> text, const Args&... args) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_frame(base::format(text, args...));
    throw;
  }
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace base

/// A bug in slipway if false; user input never reaches it.
#define SLIP_CHECK(condition) ((condition) ? void() : ::base::check_failed(#condition, __FILE__, __LINE__))

/// Evaluates a call that returns -1 and errno on failure: retries EINTR, throws Error with the
/// formatted "what was attempted" otherwise. The value is the call's result.
#define SLIP_SYSCALL(call, ...)                                      \
  ([&] {                                                             \
    for (;;) {                                                       \
      auto slip_result = (call);                                     \
      if (slip_result != -1) return slip_result;                     \
      if (errno != EINTR) {                                          \
        const int slip_errno = errno;                                \
        ::base::fail_errno(slip_errno, ::base::format(__VA_ARGS__)); \
      }                                                              \
    }                                                                \
  }())
