// SPDX-License-Identifier: Apache-2.0
#pragma once
// What ops tell about their work while it goes on: log lines of a step, bytes of a transfer.
// The CLI hands it to the progress room; a daemon will hand it to its clients.
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace ops {

/// Threads: any. Calls must be quick and must not throw.
class Events {
 public:
  virtual ~Events() = default;
  /// Output of the step's process; `stream` is 1 or 2.
  virtual void log(const base::Digest& vertex, int stream, std::string_view bytes) = 0;
  /// A named part of the step ("sha256:…", "extracting"): bytes so far, in total (0 = not known).
  virtual void progress(const base::Digest& vertex, std::string_view id, std::uint64_t current,
                        std::uint64_t total) = 0;
  /// The named part has ended.
  virtual void progress_done(const base::Digest& vertex, std::string_view id) = 0;
  /// Something the user should know that does not stop the build.
  virtual void warn(const base::Digest& vertex, std::string_view text) = 0;
};

}  // namespace ops
