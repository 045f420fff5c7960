// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content: bytes named by their digest.
//
// A blob enters through an *ingest* (a named, resumable write) and becomes visible in one step, at
// commit. Until then no reader can see it; after that it never changes.
//
//     auto in = content.ingest("layer-3", {.expect = digest, .expect_size = size});
//     source.seek(in->offset());                               // a crashed download goes on here
//     while (auto bytes = source.read()) in->write(*bytes);
//     in->commit();                                            // now content.find(digest) has a value
//
// Words: *blob* = committed bytes; *ingest* = uncommitted bytes; *lease* = keeps blobs from gc.
// What find(), open() or commit() has shown to this process is leased to it until it ends (leases.h).
// Threads: a ContentStore may be used from any thread; one Ingest belongs to one thread.
// Failure: methods throw base::Error; what callers branch on comes back as a value.
// Conformance: testing/content_store_suite.h.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"

namespace store {

struct BlobInfo {
  base::Digest digest;
  std::uint64_t size = 0;

  bool operator==(const BlobInfo&) const = default;
};

/// When the bytes of a blob must be on the disk.
enum class Durability : std::uint8_t {
  deferred,  ///< at the next Store::sync(), or make_durable(); after a machine crash before that it is verified again
  synced,    ///< before commit() returns
};

struct IngestOptions {
  std::optional<base::Digest> expect;        ///< commit() throws data_loss when the bytes differ
  std::optional<std::uint64_t> expect_size;  ///< so do write() beyond it and commit() before it
  Durability durability = Durability::deferred;
};

/// An unfinished write. Destroying it keeps the bytes for a later resume if a digest is expected,
/// and drops them otherwise.
class Ingest {
 public:
  virtual ~Ingest() = default;
  /// How many bytes are there already, from an earlier attempt or from write().
  virtual std::uint64_t offset() const = 0;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// Drops what was written: the next byte is the first. For servers that cannot resume.
  virtual void restart() = 0;
  /// Afterwards the content is in the store, whether or not this call put it there. Wrong bytes
  /// are dropped with data_loss, so that the next attempt starts afresh.
  virtual BlobInfo commit() = 0;
};

class ContentStore {
 public:
  virtual ~ContentStore() = default;

  virtual std::optional<BlobInfo> find(const base::Digest& digest) const = 0;
  /// Throws unavailable while another ingest, of this process or another, holds the same name.
  virtual std::unique_ptr<Ingest> ingest(std::string_view name, IngestOptions options) = 0;
  /// For reading from the start; throws not_found.
  virtual base::Fd open(const base::Digest& digest) const = 0;
  /// Where the blob is (or would be) as a file, for other programs and hard links.
  virtual std::string path(const base::Digest& digest) const = 0;
  /// Every blob, in the order of digests.
  virtual std::vector<BlobInfo> list() const = 0;
  /// Afterwards the blob is not in the store. Leases are the caller's business (gc.h respects them).
  virtual void remove(const base::Digest& digest) = 0;
  /// Afterwards these blobs survive a crash of the machine; throws not_found for an absent one.
  virtual void make_durable(std::span<const base::Digest> digests) = 0;

  /// The whole blob; throws not_found, and out_of_range beyond `limit` bytes.
  std::string read(const base::Digest& digest, std::size_t limit = std::size_t{16} << 20) const;
  /// Stores bytes that are at hand.
  BlobInfo put(std::string_view bytes);
};

}  // namespace store
