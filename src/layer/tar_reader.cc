// SPDX-License-Identifier: Apache-2.0
#include "layer/tar_reader.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/strings.h"
#include "layer/pax.h"
#include "layer/tar_format.h"

namespace layer {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} * 1024;
constexpr std::uint64_t kMaxSpecial = 1 << 20;
constexpr std::string_view kXattr = "SCHILY.xattr.";

std::string_view bytes_at(const std::array<unsigned char, kTarBlock>& block, std::size_t offset, std::size_t size) {
  return {reinterpret_cast<const char*>(&block[offset]), size};
}

/// A text field: up to its first NUL, or all of it.
std::string text_at(const std::array<unsigned char, kTarBlock>& block, std::size_t offset, std::size_t size) {
  const auto field = bytes_at(block, offset, size);
  return std::string(field.substr(0, field.find('\0')));
}

bool is_zero(const std::array<unsigned char, kTarBlock>& block) {
  return std::all_of(block.begin(), block.end(), [](unsigned char byte) { return byte == 0; });
}

/// Big-endian two's complement, with the marker bit taken off.
std::optional<std::int64_t> parse_base256(std::string_view field) {
  const bool negative = (field[0] & 0x40) != 0;
  const unsigned char invert = negative ? 0xff : 0x00;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<unsigned char>(static_cast<unsigned char>(field[i]) ^ invert);
    if (i == 0) byte &= 0x7f;
    if (value >> 56 != 0) return std::nullopt;
    value = value << 8 | byte;
  }
  if (value > INT64_MAX) return std::nullopt;
  const auto number = static_cast<std::int64_t>(value);
  return negative ? -number - 1 : number;
}

std::optional<std::int64_t> parse_number(std::string_view field) {
  if ((field[0] & 0x80) != 0) return parse_base256(field);
  auto text = base::trim(field, std::string_view(" \0", 2));
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return 0;
  if (text[0] == '-' || text[0] == '+') return std::nullopt;
  return base::parse_int(text, 8);
}

std::optional<TarType> known_type(char flag, std::string_view name) {
  switch (flag) {
    case '\0': return name.ends_with('/') ? TarType::directory : TarType::file;  // pre-POSIX
    case '0':
    case '7':
    case 'S': return TarType::file;
    case '1': return TarType::hard_link;
    case '2': return TarType::symlink;
    case '3': return TarType::char_device;
    case '4': return TarType::block_device;
    case '5': return TarType::directory;
    case '6': return TarType::fifo;
    default: return std::nullopt;
  }
}

}  // namespace

TarReader::TarReader(Source& source) : source_(source), buffer_(kBuffer) {}

void TarReader::malformed(const std::string& what) const {
  const auto about = entry_.name.empty() ? std::string() : base::format(" (near \"{}\")", entry_.name);
  base::fail(base::Code::data_loss, "malformed tar at byte {}{}: {}", entry_offset_, about, what);
}

bool TarReader::refill() {
  if (begin_ != end_) return true;
  begin_ = 0;
  end_ = source_.read(buffer_);
  return end_ != 0;
}

/// False at the end of the stream; throws when it ends within the block.
bool TarReader::read_block(Block& block) {
  std::size_t have = 0;
  while (have < kTarBlock) {
    if (!refill()) {
      if (have == 0) return false;
      malformed("it ends in the middle of a header; the archive is truncated");
    }
    const auto size = std::min(kTarBlock - have, end_ - begin_);
    std::memcpy(&block[have], &buffer_[begin_], size);
    begin_ += size;
    offset_ += size;
    have += size;
  }
  return true;
}

const TarEntry* TarReader::next() {
  if (ended_) return nullptr;
  skip_content();
  Records records;
  std::string long_name;
  std::string long_link;
  bool pending = false;  // an extended header waits for its entry
  for (;;) {
    entry_offset_ = offset_;
    Block block;
    if (!read_block(block) || is_zero(block)) {
      if (pending) malformed("an extended header is not followed by its entry");
      // Two zero blocks end an archive. A lone one before more entries is damage, or a trick on readers
      // that stop there.
      if (read_block(block) && !is_zero(block)) malformed("a block of zeros among the entries");
      ended_ = true;
      return nullptr;
    }
    check_sum(block);
    const char flag = static_cast<char>(block[156]);
    if (flag == 'x' || flag == 'g') {
      auto parsed = parse_pax(read_special(size_field(block)));
      if (!parsed) malformed("an extended header has a bad record");
      if (flag == 'x') records = std::move(*parsed);
    } else if (flag == 'L' || flag == 'K') {
      auto text = read_special(size_field(block));
      text.resize(std::min(text.find('\0'), text.size()));
      (flag == 'L' ? long_name : long_link) = std::move(text);
    } else {
      parse_header(block);
      if (!long_name.empty()) entry_.name = std::move(long_name);
      if (!long_link.empty()) entry_.link_name = std::move(long_link);
      apply_records(records);
      begin_content(block, records);
      return &entry_;
    }
    pending = flag != 'g';
  }
}

void TarReader::check_sum(const Block& block) const {
  // Some old programs summed signed bytes.
  std::int64_t plain = 0;
  std::int64_t with_sign = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const unsigned char byte = i >= 148 && i < 156 ? ' ' : block[i];
    plain += byte;
    with_sign += static_cast<signed char>(byte);
  }
  const auto stored = parse_number(bytes_at(block, 148, 8));
  if (!stored || (*stored != plain && *stored != with_sign)) {
    malformed("a header has a wrong checksum; this is no tar, or it is damaged");
  }
}

std::int64_t TarReader::number(const Block& block, std::size_t offset, std::size_t size, const char* what) const {
  const auto value = parse_number(bytes_at(block, offset, size));
  if (!value) malformed(base::format("the {} is no number", what));
  return *value;
}

std::uint64_t TarReader::size_field(const Block& block) const {
  const auto size = number(block, 124, 12, "size");
  if (size < 0 || static_cast<std::uint64_t>(size) > kMaxTarEntry) malformed(base::format("a size of {} bytes", size));
  return static_cast<std::uint64_t>(size);
}

std::string TarReader::read_special(std::uint64_t size) {
  if (size > kMaxSpecial) malformed(base::format("an extended header of {} bytes, more than 1 MiB", size));
  std::string text;
  const auto total = size + tar_padding(size);
  while (text.size() < total) {
    if (!refill()) malformed("it ends in the middle of an extended header; the archive is truncated");
    const auto piece = std::min<std::uint64_t>(total - text.size(), end_ - begin_);
    text.append(reinterpret_cast<const char*>(&buffer_[begin_]), piece);
    begin_ += piece;
    offset_ += piece;
  }
  text.resize(size);
  return text;
}

void TarReader::parse_header(const Block& block) {
  entry_ = {};
  entry_.name = text_at(block, 0, 100);
  entry_.mode = static_cast<std::uint32_t>(number(block, 100, 8, "mode")) & 07777;
  entry_.uid = static_cast<std::uint64_t>(number(block, 108, 8, "owner"));
  entry_.gid = static_cast<std::uint64_t>(number(block, 116, 8, "group"));
  entry_.size = size_field(block);
  entry_.mtime = number(block, 136, 12, "time");
  entry_.link_name = text_at(block, 157, 100);
  if (bytes_at(block, 257, 5) == "ustar") parse_ustar_fields(block);
  const auto type = known_type(static_cast<char>(block[156]), entry_.name);
  if (!type) malformed(base::format("unknown entry type {:#x}", block[156]));
  entry_.type = *type;
}

void TarReader::parse_ustar_fields(const Block& block) {
  entry_.user_name = text_at(block, 265, 32);
  entry_.group_name = text_at(block, 297, 32);
  const auto major = number(block, 329, 8, "device number");
  const auto minor = number(block, 337, 8, "device number");
  if (major < 0 || minor < 0 || major > UINT32_MAX || minor > UINT32_MAX) malformed("a device number out of range");
  entry_.device_major = static_cast<std::uint32_t>(major);
  entry_.device_minor = static_cast<std::uint32_t>(minor);
  if (is_gnu(block)) return;  // GNU keeps other things in the prefix
  const bool is_star = bytes_at(block, 508, 4) == std::string_view("tar\0", 4);
  const auto prefix = text_at(block, 345, is_star ? 131 : 155);
  if (!prefix.empty()) entry_.name = prefix + "/" + entry_.name;
}

bool TarReader::is_gnu(const Block& block) const { return bytes_at(block, 257, 8) == std::string_view("ustar  \0", 8); }

void TarReader::apply_records(const Records& records) {
  for (const auto& [key, value] : records) {
    if (key.starts_with(kXattr) && key.size() > kXattr.size()) {
      entry_.xattrs[key.substr(kXattr.size())] = value;
      continue;
    }
    if (value.empty()) continue;
    if (key == "path") entry_.name = value;
    if (key == "linkpath") entry_.link_name = value;
    if (key == "uname") entry_.user_name = value;
    if (key == "gname") entry_.group_name = value;
    if (key == "mtime") {
      const auto time = parse_pax_time(value);
      if (!time) malformed(base::format("the time \"{}\" is no number", value));
      entry_.mtime = time->seconds;
      entry_.mtime_nanos = time->nanos;
    }
    if (key != "uid" && key != "gid" && key != "size") continue;
    const auto parsed = base::parse_int(value);
    if (!parsed || *parsed < 0 || static_cast<std::uint64_t>(*parsed) > kMaxTarEntry) {
      malformed(base::format("the {} \"{}\" is out of range", key, value));
    }
    auto& field = key == "uid" ? entry_.uid : key == "gid" ? entry_.gid : entry_.size;
    field = static_cast<std::uint64_t>(*parsed);
  }
}

void TarReader::begin_content(const Block& block, const Records& records) {
  // Other types may name a size (of a hard link's file, say), but nothing follows them.
  if (entry_.type != TarType::file) entry_.size = 0;
  stored_ = entry_.size;
  padding_ = tar_padding(stored_);
  position_ = 0;
  fragment_ = 0;
  sparse_.clear();
  is_sparse_ = false;
  if (entry_.type != TarType::file) return;
  if (block[156] == 'S') {
    read_gnu_sparse_map(block);
  } else {
    read_pax_sparse_map(records);
  }
}

TarReader::Piece TarReader::content() {
  if (stored_ == 0) return {};
  if (is_sparse_) {
    while (position_ >= sparse_[fragment_].offset + sparse_[fragment_].length) ++fragment_;
    position_ = std::max(position_, sparse_[fragment_].offset);
  }
  if (!refill()) malformed("it ends in the middle of this file's content; the archive is truncated");
  auto size = std::min<std::uint64_t>(stored_, end_ - begin_);
  if (is_sparse_) size = std::min(size, sparse_[fragment_].offset + sparse_[fragment_].length - position_);
  const Piece piece{position_, std::span<const std::byte>(&buffer_[begin_], size)};
  begin_ += size;
  offset_ += size;
  stored_ -= size;
  position_ += size;
  return piece;
}

void TarReader::skip_content() {
  auto left = stored_ + padding_;
  while (left != 0) {
    if (!refill()) {
      // The padding of a last file is sometimes cut off; its content never may be.
      if (left <= padding_) break;
      malformed("it ends in the middle of this file's content; the archive is truncated");
    }
    const auto size = std::min<std::uint64_t>(left, end_ - begin_);
    begin_ += size;
    offset_ += size;
    left -= size;
  }
  stored_ = 0;
  padding_ = 0;
}

std::string TarReader::read_content(std::size_t limit) {
  if (entry_.size > limit) {
    base::fail(base::Code::out_of_range, "read \"{}\" from a tar: {} bytes, more than {}", entry_.name, entry_.size,
               limit);
  }
  std::string text;
  for (auto piece = content(); !piece.bytes.empty(); piece = content()) {
    text.resize(piece.offset);
    text.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
  }
  text.resize(entry_.size);
  return text;
}

}  // namespace layer
