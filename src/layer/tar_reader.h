// SPDX-License-Identifier: Apache-2.0
#pragma once
// A streaming reader of tar archives: ustar, PAX, GNU long names, GNU and PAX sparse files, base-256
// numbers, and the pre-POSIX format. Where archives leave room it reads as Go's archive/tar does,
// because the same archive must give the same files: global PAX headers are checked and ignored,
// an empty PAX value keeps the plain header's, but an empty extended attribute is one.
//
//     layer::TarReader tar(source);
//     while (const auto* entry = tar.next()) {
//       while (auto piece = tar.content(); !piece.bytes.empty()) put(piece.offset, piece.bytes);
//     }
//
// The archive is not trusted: every length is checked before it is used, extended headers are
// limited to 1 MiB, and memory does not grow with the archive. Whatever is malformed or ends too
// early throws base::Error (data_loss) that names the byte offset and, where known, the entry.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "layer/stream.h"
#include "layer/tar_entry.h"

namespace layer {

class TarReader {
 public:
  explicit TarReader(Source& source);

  /// The next entry, valid until the next call; nullptr at the end of the archive. What was left
  /// of the previous entry's content is skipped.
  const TarEntry* next();

  struct Piece {
    std::uint64_t offset = 0;  ///< in the file; holes of sparse files are never delivered
    std::span<const std::byte> bytes;
  };
  /// The next piece of the entry's content; empty bytes at its end.
  Piece content();
  /// Bytes of the archive read so far: after next(), where the content of the entry begins.
  std::uint64_t archive_offset() const { return offset_; }
  /// Whether the content in the archive lacks the file's holes.
  bool is_sparse() const { return is_sparse_; }
  /// The whole remaining content, with holes as zeros; throws out_of_range beyond `limit`.
  std::string read_content(std::size_t limit);

 private:
  using Records = std::map<std::string, std::string>;
  using Block = std::array<unsigned char, 512>;
  struct Fragment {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  [[noreturn]] void malformed(const std::string& what) const;
  bool refill();
  bool read_block(Block& block);
  std::string read_special(std::uint64_t size);
  void skip_content();
  std::int64_t number(const Block& block, std::size_t offset, std::size_t size, const char* what) const;
  std::uint64_t size_field(const Block& block) const;
  void check_sum(const Block& block) const;
  void parse_header(const Block& block);
  void parse_ustar_fields(const Block& block);
  void apply_records(const Records& records);
  void begin_content(const Block& block, const Records& records);

  bool is_gnu(const Block& block) const;
  void read_gnu_sparse_map(const Block& block);
  void add_gnu_fragments(const Block& block, std::size_t offset, std::size_t count);
  void read_pax_sparse_map(const Records& records);
  void parse_sparse_list(const std::string& list);
  void read_sparse_map_in_content();
  std::uint64_t read_sparse_number(Block& block, std::size_t& position);
  void check_sparse_map();

  Source& source_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;  ///< of the unread bytes in buffer_
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;        ///< in the archive, of the next unread byte
  std::uint64_t entry_offset_ = 0;  ///< of the header being read, for messages

  TarEntry entry_;
  std::uint64_t stored_ = 0;      ///< content bytes in the archive still to be read
  std::uint32_t padding_ = 0;     ///< zeros after them
  std::uint64_t position_ = 0;    ///< in the file, of the next content byte
  std::vector<Fragment> sparse_;  ///< the data of a sparse file, ascending
  std::size_t fragment_ = 0;
  bool is_sparse_ = false;
  bool ended_ = false;
};

}  // namespace layer
