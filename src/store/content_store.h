// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content: bytes named by their digest.
//
// A blob enters through an *ingest* (a named, resumable write) and becomes visible in one step, at
// commit. Until then no reader can see it; after that it never changes.
//
//     auto in = content.ingest("blob-" + digest.hex(), {.expect = digest});   // may resume at in->offset()
//     in->write(bytes);
//     in->commit();                                                           // now content.find(digest) has a value
//
// Words: *blob* = committed bytes; *ingest* = uncommitted bytes.
// Threads: a ContentStore may be used from any thread; one Ingest belongs to one thread at a time.
// Several processes may share one store: an ingest is held by a lock, a blob is renamed into place.
// Failure: methods throw base::Error; what callers branch on comes back as a value.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "store/lock.h"

namespace store {

struct BlobInfo {
  base::Digest digest;
  std::uint64_t size = 0;
  bool operator==(const BlobInfo&) const = default;
};

struct IngestOptions {
  std::optional<base::Digest> expect;        ///< commit() throws data_loss when the bytes differ
  std::optional<std::uint64_t> expect_size;  ///< write() throws data_loss beyond it, commit() short of it
};

/// An unfinished write. Destroying it keeps the bytes for a later resume under the same name if a
/// digest is expected; otherwise nobody could tell whether they are the right ones, and the next
/// ingest begins at 0.
class Ingest {
 public:
  virtual ~Ingest() = default;
  virtual std::uint64_t offset() const = 0;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// Forgets what was written so far.
  virtual void restart() = 0;
  /// Afterwards the content is in the store, whether or not this call put it there.
  virtual BlobInfo commit() = 0;
};

class ContentStore {
 public:
  virtual ~ContentStore() = default;
  virtual std::optional<BlobInfo> find(const base::Digest& digest) const = 0;
  /// Waits while another ingest, here or in another process, holds the same name.
  virtual std::unique_ptr<Ingest> ingest(std::string_view name, IngestOptions options, std::stop_token stop = {}) = 0;
  /// Waits until nobody, here or in another process, holds this name: for work on a blob outside the store that is not
  /// to be done twice at once.
  virtual NamedLock hold(std::string_view name, std::stop_token stop) const = 0;
  /// Opens a blob for reading; throws not_found.
  virtual base::Fd open(const base::Digest& digest) const = 0;
  /// A small blob's bytes; throws not_found, or out_of_range beyond `limit`.
  virtual std::string read(const base::Digest& digest, std::size_t limit) const = 0;
  /// Stores bytes that are at hand.
  virtual BlobInfo put(std::string_view bytes) = 0;
  /// Takes over a finished file of this store's tmp directory; the caller has hashed its bytes.
  virtual BlobInfo adopt(const std::string& temporary, const BlobInfo& info) = 0;
  /// Afterwards every blob committed so far survives a crash of the machine (its bytes were synced
  /// before its name was; this syncs the names).
  virtual void sync() {}
  /// Afterwards the blob is gone.
  virtual void remove(const base::Digest& digest) = 0;
  virtual std::vector<BlobInfo> list() const = 0;
};

/// Blobs as files below `directory`/blobs/sha256; ingests below `directory`/ingest.
std::unique_ptr<ContentStore> make_disk_content_store(const std::string& directory);

}  // namespace store
