// SPDX-License-Identifier: Apache-2.0
#pragma once
// A streaming reader of tar archives: ustar, PAX (global headers and empty values too), GNU long
// names, GNU and PAX sparse files, base-256 numbers, and the pre-POSIX format.
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
  /// The whole remaining content, with holes as zeros; throws out_of_range beyond `limit`.
  std::string read_content(std::size_t limit);

  /// Offset of the header of the entry returned last, for messages.
  std::uint64_t entry_offset() const { return entry_offset_; }

 private:
  using Records = std::map<std::string, std::string>;
  using Block = std::array<unsigned char, 512>;
  struct Fragment {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  [[noreturn]] void malformed(const std::string& what) const;
  bool read_block(Block& block);
  std::string read_special(std::uint64_t size);
  void skip_content();
  std::uint64_t number(const unsigned char* field, std::size_t size, const char* what) const;
  std::int64_t signed_number(const unsigned char* field, std::size_t size, const char* what) const;
  void parse_header(const Block& block);
  void parse_records(const std::string& text, Records& into) const;
  void apply_records(const Records& records);
  void apply_record(const std::string& key, const std::string& value);
  void begin_content(const Block& block, const Records& records);
  void read_gnu_sparse_map(const Block& block);
  void read_pax_sparse_map(const Records& records);
  void read_pax_sparse_map_in_data();
  void check_sparse_map(std::uint64_t real_size);

  Source& source_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;  ///< in the archive, of buffer_[begin_]
  std::uint64_t entry_offset_ = 0;
  bool refill();

  TarEntry entry_;
  Records global_;
  std::uint64_t stored_ = 0;      ///< content bytes in the archive still to be read
  std::uint32_t padding_ = 0;
  std::uint64_t position_ = 0;    ///< in the file, of the next content byte
  std::vector<Fragment> sparse_;  ///< data of a sparse file, ascending
  std::size_t fragment_ = 0;
  bool is_sparse_ = false;
  bool ended_ = false;
};

}  // namespace layer
