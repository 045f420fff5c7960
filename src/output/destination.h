// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where an archive goes: a file that appears when it is complete, or standard output.
#include <memory>
#include <string>

#include "layer/stream.h"

namespace output {

class Destination {
 public:
  virtual ~Destination() = default;
  virtual layer::Sink& sink() = 0;
  /// The descriptor under the sink, for a writer in another process. Flush the sink first.
  virtual int fd() = 0;
  /// Flushes, and makes a file visible under its name; without it nothing appears.
  virtual void commit() = 0;
};

/// "-" is standard output, refused when it is a terminal. A directory in the way, or a missing
/// parent directory, is an error before anything is built.
std::unique_ptr<Destination> open_destination(const std::string& dest, std::string_view type);

/// Fails early as open_destination would, without creating anything.
void check_destination(const std::string& dest, std::string_view type);

}  // namespace output
