// SPDX-License-Identifier: Apache-2.0
#pragma once
// Build events: what happens in a build, in the shape of BuildKit's StatusResponse.
//
// A *vertex* is one step, named by its digest. Its whole record is sent again at every change: first
// without `started` (it is known and counts in "(5/9)"), then with it, then with `completed`. It may
// start and complete several times; the time shown is the sum. `cached` with both times is CACHED; an
// `error` text is a failure, unless it ends in "context canceled", which is shown as CANCELED.
// A *status* is one line below a vertex (a transfer with bytes, an export stage), a *log* is raw
// output of its process, a *warning* concerns it and is repeated at the end of the build.
//
//     sink.event(progress::Vertex{.digest = d, .name = "[2/3] RUN make", .started = clock.now()});
//     sink.event(progress::VertexLog{.vertex = d, .stream = 1, .data = "cc -c a.c\n", .timestamp = clock.now()});
//
// Threads: a Sink takes events from any thread, in the order of each thread; `Step` (step.h) is the
// comfortable way to write them. Failure: event() does not throw.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"

namespace progress {

/// Steps with the same group id are shown as one. A group of weak members only is not shown.
struct ProgressGroup {
  std::string id;
  std::string name;
  bool weak = false;
  bool operator==(const ProgressGroup&) const = default;
};

struct Vertex {
  base::Digest digest;
  std::vector<base::Digest> inputs;
  std::string name;
  std::optional<base::Nanos> started;
  std::optional<base::Nanos> completed;
  bool cached = false;
  std::string error;  ///< "" unless it failed
  std::string note;   ///< why it runs ("package.json changed"), or ""
  std::optional<ProgressGroup> group;
  bool operator==(const Vertex&) const = default;
};

struct VertexStatus {
  std::string id;  ///< the text shown: "transferring context:", "sha256:…", "exporting layers"
  base::Digest vertex;
  std::string name;        ///< the action, for machines
  std::int64_t total = 0;  ///< 0: not known
  std::int64_t current = 0;
  base::Nanos timestamp = 0;
  std::optional<base::Nanos> started;
  std::optional<base::Nanos> completed;
};

struct VertexLog {
  base::Digest vertex;
  int stream = 1;    ///< 1 standard output, 2 standard error
  std::string data;  ///< raw bytes, lines may be split anywhere
  base::Nanos timestamp = 0;
};

struct VertexWarning {
  base::Digest vertex;
  int level = 1;
  std::string short_text;
  std::vector<std::string> detail;
  std::string url;
  std::optional<base::SourceRange> source;
};

using Event = std::variant<Vertex, VertexStatus, VertexLog, VertexWarning>;

class Sink {
 public:
  virtual ~Sink() = default;
  /// From any thread. May wait for a slow terminal when a process floods its log.
  virtual void event(const Event& event) = 0;
};

/// A vertex ended with this error was cancelled, it did not fail itself.
inline constexpr std::string_view kCancelledError = "context canceled";

/// True for a vertex error that stands for a cancellation.
inline bool is_cancellation(std::string_view error) { return error.ends_with(kCancelledError); }

}  // namespace progress
