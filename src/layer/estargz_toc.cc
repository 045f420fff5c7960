// SPDX-License-Identifier: Apache-2.0
#include "layer/estargz_toc.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/time.h"
#include "layer/compress.h"
#include "layer/tar_reader.h"
#include "layer/tar_writer.h"

namespace layer {
namespace {

constexpr std::size_t kFooter = 51;
/// gzip with an extra field: no time, unknown system, 26 bytes of extra, subfield "SG" of 22 bytes.
constexpr std::string_view kFooterBegin("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0", 16);
constexpr std::size_t kOffsetDigits = 16;
/// Then the magic word, one last stored block of no bytes, and its checksum and length.
constexpr std::string_view kFooterEnd("STARGZ\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 19);

std::string_view type_name(TarType type) {
  switch (type) {
    case TarType::file: return "reg";
    case TarType::hard_link: return "hardlink";
    case TarType::symlink: return "symlink";
    case TarType::char_device: return "char";
    case TarType::block_device: return "block";
    case TarType::directory: return "dir";
    case TarType::fifo: return "fifo";
  }
  return "reg";
}

/// Whole seconds, rounded; "" stands for 1970 and for what the format cannot say.
std::string modification_time(const TarEntry& entry) {
  const std::int64_t seconds = entry.mtime + (entry.mtime_nanos >= base::kSecond / 2 ? 1 : 0);
  const bool sayable = seconds > INT64_MIN / base::kSecond && seconds < INT64_MAX / base::kSecond;
  return seconds == 0 || !sayable ? "" : base::format_rfc3339(seconds * base::kSecond);
}

base::Json described(const TarEntry& entry) {
  base::Json json = base::Json::object();
  json.set("name", entry.name).set("type", type_name(entry.type));
  if (entry.type == TarType::file) json.set_nonempty("size", entry.size);
  json.set_nonempty("modtime", modification_time(entry)).set_nonempty("linkName", entry.link_name);
  json.set_nonempty("mode", std::int64_t{entry.mode}).set_nonempty("uid", entry.uid).set_nonempty("gid", entry.gid);
  json.set_nonempty("userName", entry.user_name).set_nonempty("groupName", entry.group_name);
  json.set_nonempty("devMajor", std::int64_t{entry.device_major});
  json.set_nonempty("devMinor", std::int64_t{entry.device_minor});
  base::Json xattrs = base::Json::object();
  for (const auto& [name, value] : entry.xattrs) xattrs.set(name, base::base64_encode(value));
  return json.set_nonempty("xattrs", std::move(xattrs));
}

std::string without_end(const base::Json& object) {
  std::string text = object.dump();
  text.pop_back();
  return text;
}

/// Part of a file.
class RangeSource final : public Source {
 public:
  RangeSource(int file, std::uint64_t begin, std::uint64_t end) : file_(file), at_(begin), end_(end) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto size = std::min<std::uint64_t>(buffer.size(), end_ - at_);
    if (size == 0) return 0;
    const ssize_t got = ::pread(file_, buffer.data(), size, static_cast<off_t>(at_));
    if (got < 0) base::fail_errno(errno, "read a blob");
    at_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  int file_;
  std::uint64_t at_;
  std::uint64_t end_;
};

/// Where the footer of a blob of `size` bytes says that the table begins.
std::optional<std::uint64_t> toc_offset(int blob, std::uint64_t size) {
  std::array<char, kFooter> bytes;
  if (size < kFooter ||
      ::pread(blob, bytes.data(), kFooter, static_cast<off_t>(size - kFooter)) != static_cast<ssize_t>(kFooter)) {
    return std::nullopt;
  }
  const std::string_view footer(bytes.data(), bytes.size());
  if (!footer.starts_with(kFooterBegin) || !footer.ends_with(kFooterEnd)) return std::nullopt;
  const auto offset = base::parse_int(footer.substr(kFooterBegin.size(), kOffsetDigits), 16);
  if (!offset || *offset < 0 || static_cast<std::uint64_t>(*offset) > size - kFooter) return std::nullopt;
  return static_cast<std::uint64_t>(*offset);
}

}  // namespace

void EstargzToc::add(const TarEntry& entry) {
  name_ = base::Json(entry.name).dump();
  file_ = rows_.size();
  has_chunks_ = false;
  rows_.push_back({without_end(described(entry)), std::nullopt});
}

void EstargzToc::add_chunk(const Chunk& chunk) {
  if (has_chunks_) rows_.push_back({base::format(R"({{"name":{},"type":"chunk")", name_), std::nullopt});
  has_chunks_ = true;
  Row& row = rows_.back();
  row.member = chunk.member;
  if (chunk.offset != 0) row.fields += base::format(R"(,"chunkOffset":{})", chunk.offset);
  if (chunk.size != 0) row.fields += base::format(R"(,"chunkSize":{})", chunk.size);
  row.fields += base::format(R"(,"chunkDigest":"{}")", chunk.digest.str());
}

void EstargzToc::set_digest(const base::Digest& digest) {
  rows_[file_].fields += base::format(R"(,"digest":"{}")", digest.str());
}

std::string EstargzToc::json(const std::vector<std::uint64_t>& offsets) && {
  std::string text = R"({"version":1,"entries":[)";
  for (Row& row : rows_) {
    if (&row != &rows_.front()) text += ',';
    text += std::exchange(row.fields, {});
    if (row.member) text += base::format(R"(,"offset":{})", offsets.at(*row.member));
    text += '}';
  }
  return text + "]}";
}

std::string toc_archive(const std::string& json) {
  StringSink bytes;
  TarWriter tar(bytes);
  tar.add({.name = std::string(kTocName), .size = json.size()});
  tar.write(json);
  tar.finish();
  return std::move(bytes.text);
}

std::string estargz_footer(std::uint64_t offset) {
  std::string digits(kOffsetDigits, '0');
  for (auto digit = digits.rbegin(); offset != 0; ++digit, offset /= 16) *digit = "0123456789abcdef"[offset % 16];
  return std::string(kFooterBegin) + digits + std::string(kFooterEnd);
}

std::optional<base::Digest> find_toc(int blob) {
  struct stat status;
  if (::fstat(blob, &status) != 0) base::fail_errno(errno, "read a blob");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto begin = toc_offset(blob, size);
  if (!begin) return std::nullopt;
  RangeSource compressed(blob, *begin, size - kFooter);
  try {
    const auto plain = make_decompressor(compressed);
    TarReader tar(*plain);
    const TarEntry* entry = tar.next();
    if (entry == nullptr || entry->name != kTocName) return std::nullopt;
    base::Sha256 hash;
    for (auto piece = tar.content(); !piece.bytes.empty(); piece = tar.content()) hash.update(piece.bytes);
    if (tar.next() != nullptr) return std::nullopt;
    return hash.finish();
  } catch (const base::Error& error) {
    // Bytes that only look like a footer.
    if (error.code() == base::Code::data_loss) return std::nullopt;
    throw;
  }
}

}  // namespace layer
