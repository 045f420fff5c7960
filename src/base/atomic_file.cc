// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"

namespace base {

AtomicFile::AtomicFile(std::string path, mode_t mode)
    : path_(std::move(path)), temporary_(format("{}.{}.tmp", path_, random_id(8))) {
  fd_ = with_context([&] { return open_file(temporary_, O_RDWR | O_CREAT | O_EXCL, mode); }, "write {}", path_);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  SLIP_SYSCALL(::rename(temporary_.c_str(), path_.c_str()), "rename {} to {}", temporary_, path_);
  temporary_.clear();
  fd_.reset();
}

}  // namespace base
