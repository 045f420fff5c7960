// SPDX-License-Identifier: Apache-2.0
#pragma once
// A file that appears whole or not at all: written under a temporary neighbour's name, renamed at commit.
#include <sys/types.h>

#include <string>

#include "base/fd.h"

namespace base {

/// Destroying it without commit() removes the temporary file; what was at `path` before stays.
class AtomicFile {
 public:
  /// Creates the temporary neighbour; the umask applies to `mode`. Throws.
  explicit AtomicFile(std::string path, mode_t mode = 0666);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  int fd() const { return fd_.get(); }
  /// Renames over `path`; throws. The object is finished afterwards.
  void commit();

 private:
  std::string path_;
  std::string temporary_;
  Fd fd_;
};

}  // namespace base
