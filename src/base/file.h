// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whole-file reads and writes, directories, temporary names. Errors name the path.
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace base {

/// Opens with O_CLOEXEC added; throws.
Fd open_file(const std::string& path, int flags, mode_t mode = 0666);
/// Nothing for ENOENT and ENOTDIR; throws on everything else.
std::optional<Fd> open_file_if_exists(const std::string& path, int flags);
/// A descriptor of the directory (O_RDONLY|O_DIRECTORY).
Fd open_directory(const std::string& path);

/// Throws not_found when absent, out_of_range beyond `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit = SIZE_MAX);
std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit = SIZE_MAX);

enum class Durable : std::uint8_t { no, yes };
/// Writes a temporary neighbour and renames it over `path`; with Durable::yes file and directory are synced.
void write_file_atomic(const std::string& path, std::string_view bytes, Durable durable = Durable::no,
                       mode_t mode = 0644);

bool exists(const std::string& path);                                ///< without following a last symlink
std::optional<struct stat> stat_if_exists(const std::string& path);  ///< follows symlinks
std::optional<struct stat> lstat_if_exists(const std::string& path);
/// mkdir -p; existing directories are left as they are.
void make_directories(const std::string& path, mode_t mode = 0755);
/// Removes a file or a whole tree without following symlinks (openat/unlinkat); absent is fine.
/// Directories without write permission are opened up first.
void remove_tree(const std::string& path);
void remove_tree_at(int directory, const std::string& name);
/// Names in a directory, without "." and "..", sorted by bytes.
std::vector<std::string> list_directory(int directory);
std::vector<std::string> list_directory(const std::string& path);
/// Text of a symlink, of any length.
std::string read_link_at(int directory, const std::string& name);
void sync_directory(const std::string& path);

/// A directory below `parent` (default $TMPDIR or /tmp) that is removed with the object.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string_view prefix = "slipway-", const std::string& parent = "");
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// An advisory whole-file lock (flock), released with the object or the process.
class FileLock {
 public:
  enum class Mode : std::uint8_t { shared, exclusive };
  /// Waits for the lock. The file is created when absent.
  static FileLock wait(const std::string& path, Mode mode = Mode::exclusive);
  /// Nothing when another holder is in the way.
  static std::optional<FileLock> try_lock(const std::string& path, Mode mode = Mode::exclusive);

  /// True while `path` still names the file that is locked; false once it was unlinked or replaced.
  bool is_at(const std::string& path) const;

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace base
