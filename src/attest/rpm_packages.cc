// SPDX-License-Identifier: Apache-2.0
// Packages of rpm: the header of each, and the three databases that hold them: sqlite (since rpm 4.16), ndb (SUSE), and
// Berkeley DB's hash (before). Sources: rpm's docs/manual/hregions.md, lib/backend/ndb/rpmpkg.c for the layout;
// Berkeley DB's db_page.h. Nothing a file says is believed: offsets are checked, chains have an end.
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "attest/licenses.h"
#include "attest/package_readers.h"
#include "base/strings.h"

namespace attest {
namespace {

/// Tags of an rpm header.
enum class RpmTag : std::uint32_t {
  name = 1000,
  version = 1001,
  release = 1002,
  epoch = 1003,
  vendor = 1011,
  license = 1014,
  arch = 1022,
  source_rpm = 1044
};
constexpr std::uint32_t kInt32 = 4;
constexpr std::uint32_t kString = 6;
constexpr std::uint32_t kI18nString = 9;
constexpr std::size_t kIndexEntry = 16;
constexpr std::uint32_t kMaxEntries = 0xffff;

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[at + i])}; };
  return (byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3);
}

/// Numbers of entries and of data bytes, the entries, the data.
class RpmHeader {
 public:
  explicit RpmHeader(std::string_view blob) {
    if (blob.size() < 8) return;
    entries_ = big_endian(blob, 0);
    if (entries_ > kMaxEntries || blob.size() < 8 + std::size_t{entries_} * kIndexEntry) {
      entries_ = 0;
      return;
    }
    index_ = blob.substr(8, std::size_t{entries_} * kIndexEntry);
    data_ = blob.substr(8 + index_.size());
  }

  std::string text(RpmTag tag) const {
    const auto entry = find(tag);
    if (!entry || (entry->type != kString && entry->type != kI18nString)) return "";
    const auto rest = data_.substr(entry->offset);
    return std::string(rest.substr(0, rest.find('\0')));
  }

  std::optional<std::uint32_t> number(RpmTag tag) const {
    const auto entry = find(tag);
    if (!entry || entry->type != kInt32 || data_.size() - entry->offset < 4) return std::nullopt;
    return big_endian(data_, entry->offset);
  }

 private:
  struct Entry {
    std::uint32_t type;
    std::uint32_t offset;
  };

  std::optional<Entry> find(RpmTag tag) const {
    for (std::uint32_t i = 0; i < entries_; ++i) {
      const std::size_t at = i * kIndexEntry;
      if (big_endian(index_, at) != static_cast<std::uint32_t>(tag)) continue;
      const Entry entry{big_endian(index_, at + 4), big_endian(index_, at + 8)};
      if (entry.offset < data_.size()) return entry;
    }
    return std::nullopt;
  }

  std::uint32_t entries_ = 0;
  std::string_view index_;
  std::string_view data_;
};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

void read_rpm_header(std::string_view blob, const Distribution& distribution, Components& out) {
  const RpmHeader header(blob);
  Component component;
  component.name = header.text(RpmTag::name);
  // Keys that signed packages are kept as packages too.
  if (component.name.empty() || component.name == "gpg-pubkey") return;
  component.type = "rpm";
  component.name_space = distribution.id;
  component.version = header.text(RpmTag::version) + "-" + header.text(RpmTag::release);
  component.qualifiers["arch"] = header.text(RpmTag::arch);
  component.qualifiers["distro"] = distribution.qualifier();
  if (const auto epoch = header.number(RpmTag::epoch)) component.qualifiers["epoch"] = std::to_string(*epoch);
  component.license = spdx_expression(header.text(RpmTag::license));
  component.supplier = header.text(RpmTag::vendor);
  component.source = header.text(RpmTag::source_rpm);
  out.push_back(std::move(component));
}

void read_rpm_sqlite(const std::string& path, const Distribution& distribution, Components& out) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(("file:" + path + "?immutable=1").c_str(), &opened,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> database(opened);
  if (result != SQLITE_OK) return;
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);  // the file is the image's
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(opened, "SELECT blob FROM Packages", -1, &prepared, nullptr) != SQLITE_OK) return;
  const std::unique_ptr<sqlite3_stmt, EndStatement> statement(prepared);
  while (sqlite3_step(prepared) == SQLITE_ROW) {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared, 0));
    const int size = sqlite3_column_bytes(prepared, 0);
    if (bytes != nullptr && size > 0) read_rpm_header({bytes, static_cast<std::size_t>(size)}, distribution, out);
  }
}

namespace {

constexpr std::size_t kMaxHeader = 64U << 20;  // of one package; rpm refuses larger ones too

/// Numbers of either byte order at places in bytes that may end too soon: 0 then.
class Numbers {
 public:
  Numbers(std::string bytes, bool swapped) : bytes_(std::move(bytes)), swapped_(swapped) {}
  std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  std::uint32_t u16(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 2)); }
  unsigned u8(std::size_t at) const { return static_cast<unsigned>(number(at, 1)); }
  const std::string& bytes() const { return bytes_; }
  std::string_view piece(std::size_t at, std::size_t size) const {
    return at >= bytes_.size() ? std::string_view() : std::string_view(bytes_).substr(at, size);
  }

 private:
  std::uint64_t number(std::size_t at, std::size_t size) const {
    if (at + size > bytes_.size()) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = swapped_ ? at + i : at + size - 1 - i;
      value = (value << 8) | static_cast<unsigned char>(bytes_[place]);
    }
    return value;
  }

  std::string bytes_;
  bool swapped_;  ///< big-endian
};

using UseHeader = std::function<void(std::string_view)>;

/// ndb: pages of slots, each of which points at a blob: "BlbS", the package's number, generation, length, the header.
void each_ndb_header(const ReadAt& read, std::uint64_t size, const UseHeader& use) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kHead = 16;  // of a slot, a block and a blob alike
  constexpr std::size_t kFirstSlot = 32;
  constexpr std::uint32_t kSlotMagic = 0x746f6c53;
  constexpr std::uint32_t kBlobMagic = 0x53626c42;
  const std::uint64_t pages = std::min<std::uint64_t>(Numbers(read(0, kFirstSlot), false).u32(12), size / kPage);
  std::uint64_t left = size;  // blobs do not overlap
  for (std::uint64_t page = 0; page < pages; ++page) {
    const Numbers slots(read(page * kPage, kPage), false);
    for (std::size_t at = page == 0 ? kFirstSlot : 0; at < kPage; at += kHead) {
      if (slots.u32(at) != kSlotMagic) return;
      const std::uint64_t offset = std::uint64_t{slots.u32(at + 8)} * kHead;
      if (offset == 0) continue;
      const Numbers blob(read(offset, kHead), false);
      const std::size_t length = blob.u32(12);
      if (blob.u32(0) != kBlobMagic || blob.u32(4) != slots.u32(at + 4) || length > kMaxHeader) continue;
      if (offset + kHead + length > size || length > left) continue;
      left -= length;
      use(read(offset + kHead, length));
    }
  }
}

/// Berkeley DB's hash: on each page of buckets keys and values take turns, and large values lie on pages of their own.
class BerkeleyFile {
 public:
  static constexpr std::size_t kMagicAt = 12;
  static constexpr std::uint32_t kHashMagic = 0x061561;

  BerkeleyFile(const ReadAt& read, std::uint64_t size, bool swapped) : read_(read), swapped_(swapped) {
    const Numbers meta(read(0, 512), swapped);
    page_size_ = meta.u32(20);
    // 512 bytes to 64 KiB, a power of two; and not encrypted.
    if (page_size_ < 512 || page_size_ > 65536 || (page_size_ & (page_size_ - 1)) != 0 || meta.u8(24) != 0) return;
    pages_ = size / page_size_;
    loads_left_ = pages_;  // every page belongs to one value
  }

  void each_value(const UseHeader& use) {
    constexpr unsigned kUnsortedHash = 2;
    constexpr unsigned kHash = 13;
    for (std::uint64_t number = 1; number < pages_; ++number) {
      const Numbers page = load(number);
      const unsigned type = page.u8(25);
      if (type != kUnsortedHash && type != kHash) continue;
      const std::uint32_t entries = page.u16(20);
      for (std::uint32_t i = 1; i < entries; i += 2) use(value(page, i));
    }
  }

 private:
  static constexpr std::size_t kPageHead = 26;

  Numbers load(std::uint64_t number) const { return {read_(number * page_size_, page_size_), swapped_}; }

  /// Item `i` lies before item i-1, at the page's end.
  std::string value(const Numbers& page, std::uint32_t i) {
    constexpr unsigned kInPage = 1;
    constexpr unsigned kOffPage = 3;
    const std::size_t at = page.u16(kPageHead + 2 * std::size_t{i});
    const std::size_t end = page.u16(kPageHead + 2 * (std::size_t{i} - 1));
    if (at < kPageHead || end <= at) return "";
    const unsigned type = page.u8(at);
    if (type == kInPage) return std::string(page.piece(at + 1, end - at - 1));
    return type == kOffPage ? chained(page.u32(at + 4), page.u32(at + 8)) : "";
  }

  std::string chained(std::uint64_t number, std::size_t length) {
    constexpr unsigned kOverflow = 7;
    std::string bytes;
    if (length > kMaxHeader) return bytes;
    while (number != 0 && number < pages_ && bytes.size() < length && loads_left_ > 0) {
      --loads_left_;
      const Numbers page = load(number);
      const std::uint32_t used = page.u16(22);
      if (page.u8(25) != kOverflow) break;
      bytes += page.piece(kPageHead, used);
      number = page.u32(16);
    }
    bytes.resize(std::min(bytes.size(), length));
    return bytes;
  }

  const ReadAt& read_;
  bool swapped_;
  std::size_t page_size_ = 0;
  std::uint64_t pages_ = 0;
  std::uint64_t loads_left_ = 0;
};

}  // namespace

void read_rpm_file(const ReadAt& read, std::uint64_t size, const Distribution& distribution, Components& out) {
  constexpr std::uint32_t kNdbMagic = 0x506d7052;  // "RpmP"
  const UseHeader use = [&](std::string_view header) { read_rpm_header(header, distribution, out); };
  const std::string start = read(0, 32);
  if (Numbers(start, false).u32(0) == kNdbMagic) return each_ndb_header(read, size, use);
  for (const bool swapped : {false, true}) {
    if (Numbers(start, swapped).u32(BerkeleyFile::kMagicAt) == BerkeleyFile::kHashMagic) {
      return BerkeleyFile(read, size, swapped).each_value(use);
    }
  }
}

}  // namespace attest
