// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a file was changed, by the rule of containerd's differs: the same owner, mode, device and
// capability; for all but directories also the same size and modification time. Where both times
// are whole seconds, as unpacked files have them, the content decides.
#include <sys/stat.h>

#include <string>

namespace layer {

struct FileRef {
  int directory;
  const std::string& name;
  const struct stat& status;
};

bool same_file(const FileRef& a, const FileRef& b);

}  // namespace layer
