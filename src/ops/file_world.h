// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a file system says of a file, and of time: all that decides whether a file must be read again.
//
// A FileStamp changes with every edit that goes through system calls: an edit sets the change time
// (ctime), which nobody can set back. Two things can hide an edit, and both are asked of the FileWorld:
//   - two edits within one tick of the file system's clock have the same ctime; hence margin();
//   - some file systems give stamps of another machine's clock, or inode numbers that come and go;
//     hence now() has no value there.
// What stays hidden is a store through a writable memory mapping that was dirty before: the kernel
// stamps it when the page is next written out. `--paranoid` believes no stamp.
#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"

namespace ops {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  base::Nanos changed = 0;   ///< ctime
  base::Nanos modified = 0;  ///< mtime
  std::uint64_t size = 0;
  std::uint64_t mode = 0;  ///< type and permissions

  static FileStamp of(const struct stat& info);
  auto operator<=>(const FileStamp&) const = default;
};

/// Threads: any.
class FileWorld {
 public:
  virtual ~FileWorld() = default;

  /// fstat(2); throws.
  virtual struct stat stat(int fd) const = 0;

  /// The time that the file system of an open file would stamp on an edit made now, or earlier, never
  /// later. Nothing where stamps prove nothing (network, FUSE, overlay).
  virtual std::optional<base::Nanos> now(int fd) const = 0;

  /// An edit that begins at or after `t` gives a file a ctime above `t - margin`.
  virtual base::Nanos margin(const FileStamp& stamp) const = 0;

  /// Names the mount that a directory lies in; another text when the same file system was mounted anew,
  /// since nobody knows what was done to it meanwhile.
  virtual std::string mount_of(const std::string& directory) const = 0;

  /// Wall clock minus time since boot: changes only when somebody sets the clock.
  virtual base::Nanos clock_offset() const = 0;

  /// Returns when now() has advanced by at least this much.
  virtual void sleep(base::Nanos duration) const = 0;
};

const FileWorld& system_file_world();

}  // namespace ops
