// SPDX-License-Identifier: Apache-2.0
#pragma once
// The table of contents of an eStargz blob, and the footer that says where it is, as containerd's
// stargz-snapshotter describes them (docs/estargz.md of that project).
//
// The table is a JSON file in a tar archive of its own, which is the last gzip member but one; the
// last one is empty and holds the table's offset in an extra field.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "layer/tar_entry.h"

namespace layer {

constexpr std::string_view kTocName = "stargz.index.json";

/// Collects what a table says; memory: about 250 bytes an entry, twice that while it is written.
class EstargzToc {
 public:
  struct Chunk {
    std::uint64_t offset = 0;  ///< in the file
    std::uint64_t size = 0;    ///< 0: to the end of the file
    std::size_t member = 0;    ///< the gzip member that begins with it
    base::Digest digest;
  };

  void add(const TarEntry& entry);
  /// The chunks of the file added last, in order; the first one belongs to the file's own entry.
  void add_chunk(const Chunk& chunk);
  /// The content of the file added last, once it is known.
  void set_digest(const base::Digest& digest);

  /// The JSON, and the end of the collection. `offsets`: where each gzip member begins.
  std::string json(const std::vector<std::uint64_t>& offsets) &&;

 private:
  struct Row {
    std::string fields;  ///< a JSON object without its "}"
    std::optional<std::size_t> member;
  };

  std::vector<Row> rows_;
  std::string name_;      ///< of the file added last, as JSON
  std::size_t file_ = 0;  ///< its row
  bool has_chunks_ = false;
};

/// The table as a tar archive.
std::string toc_archive(const std::string& json);

/// The 51 bytes at the end of a blob whose table begins at `offset`.
std::string estargz_footer(std::uint64_t offset);

/// The digest of the table of contents of a blob, whatever the file's position; nothing where the blob is not eStargz.
/// That the table tells the truth of its archive is for who made it to know.
std::optional<base::Digest> find_toc(int blob);

}  // namespace layer
