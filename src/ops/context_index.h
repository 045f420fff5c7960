// SPDX-License-Identifier: Apache-2.0
#pragma once
// Digests of context files that need not be read again: "device, inode, ctime, mtime, size and mode
// are what they were when these bytes were hashed".
//
//     ContextIndex index({.directory = root + "/contexts", .boot = boot});
//     auto files = index.of("/home/me/app");               // shared by all steps that read this context
//     if (auto digest = files->find(FileStamp::of(info))) …  // no need to open it
//     Hashed hashed = files->hash(fd, stop);               // reads it, and remembers it when that is safe
//     index.save();
//
// An entry is made only when it can be believed: the file was as old as its stamp says before its
// hashing began, by more than a tick of its file system's clock (otherwise an edit in the same tick
// would leave the stamp as it is), and stat before and after hashing agreed. It is believed only during
// the boot that made it, since a crash may take bytes back that a stamp speaks of, only while nobody set
// the clock, and only while the context's file system stays mounted; files of other mounts inside the
// context are read every time.
//
// The index is one file per context directory in the store, read where it lies (mmap), replaced as a
// whole: 88 bytes a file. It is shared by processes; a reader sees one whole version. Losing it costs
// reading the files again. docs/formats/store.md has the layout.
//
// Threads: any. Failure: hash() throws base::Error; aborted means that the file is being written to.
// of() and save() never fail: what cannot be read or written is as good as absent.
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/digest.h"
#include "base/sync.h"
#include "ops/file_world.h"

namespace ops {

/// How far the digest of a file that was read holds.
enum class Proof : std::uint8_t {
  settled,  ///< any later edit will change the stamp
  racy,     ///< an edit in this very tick would not show
  none,     ///< stamps of this file system prove nothing
};

struct Hashed {
  struct stat info = {};  ///< of exactly the bytes that were hashed
  base::Digest digest;
  Proof proof = Proof::none;
};

/// What is known of one context directory's files.
class KnownFiles {
 public:
  virtual ~KnownFiles() = default;
  virtual std::optional<base::Digest> find(const FileStamp& stamp) = 0;
  /// Reads an open regular file from its beginning. A file that changes meanwhile is read again, a few
  /// times.
  virtual Hashed hash(int fd, const std::stop_token& stop) = 0;
  /// Waits until what was racy so far is not.
  virtual void let_time_pass() = 0;
};

class ContextIndex {
 public:
  /// `nothing`: every file is read, and read again after it was copied.
  enum class Trust : std::uint8_t { stamps, nothing };

  struct Options {
    std::string directory;  ///< where the files of the index lie; made when first needed
    std::string boot;       ///< name of the machine's present boot
    Trust trust = Trust::stamps;
    const FileWorld* world = nullptr;  ///< the machine's when null
  };

  explicit ContextIndex(Options options);
  ~ContextIndex();  ///< saves
  ContextIndex(const ContextIndex&) = delete;
  ContextIndex& operator=(const ContextIndex&) = delete;

  /// What is known of a context, an absolute path; the same object for the same path. Outlived by the index.
  std::shared_ptr<KnownFiles> of(const std::string& context);

  /// Writes what is new, together with what another process has written meanwhile.
  void save();

 private:
  class Table;
  Options options_;
  base::Sync<std::map<std::string, std::shared_ptr<Table>>> tables_;
};

}  // namespace ops
