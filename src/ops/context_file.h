// SPDX-License-Identifier: Apache-2.0
#pragma once
// The file of a context index: a header, then entries sorted by device and inode.
//
// Read by mmap, so that a build that looks up few files touches few pages. Only ContextIndex uses it.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"
#include "ops/file_world.h"

namespace ops {

struct IndexEntry {
  FileStamp stamp;
  std::uint64_t unseen = 0;  ///< saves since a build last met the file
  base::Digest::Bytes digest{};
};

/// Orders entries; two entries of one file are equal here.
bool before(const IndexEntry& a, const IndexEntry& b);

/// What an index may be believed for.
struct IndexEpoch {
  std::string boot;  ///< of the machine, and the mount of the context
  base::Nanos clock_offset = 0;

  /// Whether what was written in `other` may be believed now.
  bool continues(const IndexEpoch& other) const;
};

/// A mapped index file, or an empty one.
class IndexFile {
 public:
  IndexFile() = default;
  ~IndexFile();
  IndexFile(IndexFile&& other) noexcept;
  IndexFile& operator=(IndexFile&& other) noexcept;

  /// Empty when the file is absent, of another epoch, or no index file.
  static IndexFile open(const std::string& path, const IndexEpoch& epoch);
  /// Replaces the file in one step.
  static void write(const std::string& path, const IndexEpoch& epoch, const std::vector<IndexEntry>& entries);

  std::span<const IndexEntry> entries() const { return entries_; }
  /// Position of the entry of the same device and inode.
  std::optional<std::size_t> find(const FileStamp& stamp) const;

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
  std::span<const IndexEntry> entries_;
};

}  // namespace ops
