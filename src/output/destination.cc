// SPDX-License-Identifier: Apache-2.0
#include "output/destination.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace output {
namespace {

class StandardOutput final : public Destination {
 public:
  StandardOutput() : sink_(STDOUT_FILENO) {}
  layer::Sink& sink() override { return sink_; }
  int fd() override { return STDOUT_FILENO; }
  void commit() override { sink_.finish(); }

 private:
  layer::FdSink sink_;
};

class FileDestination final : public Destination {
 public:
  explicit FileDestination(const std::string& path) : file_(path), sink_(file_.fd()) {}
  layer::Sink& sink() override { return sink_; }
  int fd() override { return file_.fd(); }
  void commit() override {
    sink_.finish();
    file_.commit();
  }

 private:
  base::AtomicFile file_;
  layer::FdSink sink_;
};

/// A fifo, a device or a socket given as destination is written into, never replaced.
class SpecialFile final : public Destination {
 public:
  explicit SpecialFile(base::Fd fd) : fd_(std::move(fd)), sink_(fd_.get()) {}
  layer::Sink& sink() override { return sink_; }
  int fd() override { return fd_.get(); }
  void commit() override { sink_.finish(); }

 private:
  base::Fd fd_;
  layer::FdSink sink_;
};

// A symlink given as destination stays one: its target is what gets replaced.
std::string real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result(resolved);
  std::free(resolved);
  return result;
}

bool is_special(const std::string& path) {
  const auto info = base::stat_if_exists(path);
  return info && !S_ISREG(info->st_mode);
}

}  // namespace

void check_destination(const std::string& dest, std::string_view type) {
  if (dest == "-") {
    if (::isatty(STDOUT_FILENO) == 1) {
      base::Error error(
          base::Code::invalid_argument,
          base::format("dest file is required for the {} exporter: refusing to write to a terminal", type));
      error.set_hint(base::format("use -o type={},dest=FILE, or redirect the output", type));
      throw error;
    }
    return;
  }
  const auto info = base::stat_if_exists(dest);
  if (info && S_ISDIR(info->st_mode)) {
    base::fail(base::Code::invalid_argument, "the destination file {} of the {} exporter is a directory", dest, type);
  }
  const auto parent = base::stat_if_exists(base::dir_name(dest));
  if (!parent || !S_ISDIR(parent->st_mode)) {
    base::fail(base::Code::not_found, "the directory of the destination {} does not exist", dest);
  }
}

std::unique_ptr<Destination> open_destination(const std::string& dest, std::string_view type) {
  check_destination(dest, type);
  if (dest == "-") return std::make_unique<StandardOutput>();
  if (is_special(dest)) return std::make_unique<SpecialFile>(base::open_file(dest, O_WRONLY));
  return std::make_unique<FileDestination>(real_path(dest));
}

}  // namespace output
