// SPDX-License-Identifier: Apache-2.0
#include "layer/tar_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/path.h"
#include "layer/tar_format.h"

namespace layer {
namespace {

constexpr std::size_t kNameSize = 100;
constexpr std::size_t kPrefixSize = 155;
constexpr std::size_t kMaxPaxHeader = 1 << 20;
constexpr std::byte kZeros[2 * kTarBlock] = {};

/// Where a field lies in a header block.
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kMtime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLinkName{157, 100}, kMagic{257, 8}, kUserName{265, 32}, kGroupName{297, 32},
    kDeviceMajor{329, 8}, kDeviceMinor{337, 8}, kPrefix{345, 155};

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c != 0 && c < 0x80; });
}

bool fits_octal(Field field, std::int64_t value) {
  const auto bits = 3 * (field.size - 1);
  return value >= 0 && (bits >= 63 || value < (std::int64_t{1} << bits));
}

/// The text without what plain headers cannot hold; PAX records carry the full one.
std::string only_ascii(std::string_view text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](unsigned char c) { return c != 0 && c < 0x80; });
  return result;
}

class HeaderBlock {
 public:
  void set_text(Field field, std::string_view text) {
    const auto size = std::min(field.size, text.size());
    std::memcpy(&bytes_[field.offset], text.data(), size);
    if (text.size() <= field.size || text[field.size - 1] != '/') return;
    // A cut name must not end in "/", which old readers take for a directory.
    auto kept = text.substr(0, field.size - 1);
    kept = kept.substr(0, kept.find_last_not_of('/') + 1);
    bytes_[field.offset + kept.size()] = 0;
  }

  /// Octal, zero-filled, with a final NUL; 0 for what does not fit (a PAX record has it then).
  void set_number(Field field, std::int64_t value) {
    if (!fits_octal(field, value)) value = 0;
    set_text(field, base::format("{:0{}o}", value, field.size - 1));
  }

  void set_type(char type) { bytes_[kType.offset] = static_cast<unsigned char>(type); }

  /// Magic and checksum; everything else must be in place.
  std::span<const std::byte> seal() {
    std::memcpy(&bytes_[kMagic.offset],
                "ustar\0"
                "00",
                kMagic.size);
    std::memset(&bytes_[kChecksum.offset], ' ', kChecksum.size);
    unsigned sum = 0;
    for (const auto byte : bytes_) sum += byte;
    set_number({kChecksum.offset, kChecksum.size - 1}, sum);  // and a space stays behind its NUL
    bytes_[kChecksum.offset + 6] = 0;
    return std::as_bytes(std::span(bytes_));
  }

 private:
  std::array<unsigned char, kTarBlock> bytes_{};
};

struct SplitName {
  std::string_view prefix;
  std::string_view name;
};

/// Splits a name that is too long for its field at a "/", as far right as possible.
std::optional<SplitName> split_name(std::string_view name) {
  if (name.size() <= kNameSize || !is_ascii(name)) return std::nullopt;
  auto length = name.size();
  if (length > kPrefixSize + 1) {
    length = kPrefixSize + 1;
  } else if (name.back() == '/') {
    --length;
  }
  const auto slash = name.substr(0, length).rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const auto rest = name.size() - slash - 1;
  if (rest == 0 || rest > kNameSize || slash > kPrefixSize) return std::nullopt;
  return SplitName{name.substr(0, slash), name.substr(slash + 1)};
}

/// What PAX records an entry would need, and whether it can do without.
struct Encoding {
  std::map<std::string, std::string> records;
  bool plain = true;
};

class Chooser {
 public:
  explicit Chooser(const TarEntry& entry) : entry_(entry) {}

  Encoding choose() {
    name();
    text(entry_.link_name, kLinkName, "linkpath");
    text(entry_.user_name, kUserName, "uname");
    text(entry_.group_name, kGroupName, "gname");
    number(entry_.uid, kUid, "uid");
    number(entry_.gid, kGid, "gid");
    number(entry_.size, kSize, "size");
    times();
    for (const auto& [key, value] : entry_.xattrs) {
      if (key.empty() || key.find('=') != std::string::npos || key.find('\0') != std::string::npos) {
        base::fail(base::Code::invalid_argument, "write tar entry \"{}\": attribute name \"{}\" fits no tar",
                   entry_.name, key);
      }
      need("SCHILY.xattr." + key, value);
    }
    return std::move(encoding_);
  }

 private:
  void need(const std::string& key, std::string value) {
    encoding_.plain = false;
    encoding_.records[key] = std::move(value);
  }

  void refuse_nul(std::string_view text) const {
    if (text.find('\0') == std::string_view::npos) return;
    base::fail(base::Code::invalid_argument, "write tar entry \"{}\": a name contains a NUL byte",
               only_ascii(entry_.name));
  }

  void name() {
    refuse_nul(entry_.name);
    if (is_ascii(entry_.name) && entry_.name.size() <= kNameSize) return;
    // A split name needs no record, but once there is a PAX header it has the full name too.
    encoding_.records["path"] = entry_.name;
    if (!split_name(entry_.name)) encoding_.plain = false;
  }

  void text(const std::string& value, Field field, const char* key) {
    refuse_nul(value);
    if (!is_ascii(value) || value.size() > field.size) need(key, value);
  }

  void number(std::uint64_t value, Field field, const char* key) {
    if (value > INT64_MAX) {
      base::fail(base::Code::invalid_argument, "write tar entry \"{}\": {} {} is out of range", entry_.name, key,
                 value);
    }
    if (!fits_octal(field, static_cast<std::int64_t>(value))) need(key, std::to_string(value));
  }

  void times() {
    if (entry_.mtime_nanos != 0) {
      need("mtime", fraction());
    } else if (!fits_octal(kMtime, entry_.mtime)) {
      need("mtime", std::to_string(entry_.mtime));
    }
  }

  /// Seconds with a fraction, whose trailing zeros are cut; before 1970 both count downwards.
  std::string fraction() const {
    auto seconds = entry_.mtime;
    auto nanos = entry_.mtime_nanos;
    const char* sign = "";
    if (seconds < 0) {
      sign = "-";
      seconds = -(seconds + 1);
      nanos = 1'000'000'000 - nanos;
    }
    auto digits = base::format("{}{}.{:09}", sign, seconds, nanos);
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits;
  }

  const TarEntry& entry_;
  Encoding encoding_;
};

void check_entry(const TarEntry& entry) {
  const bool may_end_in_slash =
      entry.type == TarType::directory || entry.type == TarType::hard_link || entry.type == TarType::symlink;
  if (entry.name.empty() || (!may_end_in_slash && entry.name.ends_with('/'))) {
    base::fail(base::Code::invalid_argument, "write tar entry: \"{}\" is no name for a file", entry.name);
  }
  if (entry.size != 0 && entry.type != TarType::file) {
    base::fail(base::Code::internal, "write tar entry \"{}\": only files have content", entry.name);
  }
}

/// The header's own fields. `text` maps a name to what is stored of it.
template <typename Text>
HeaderBlock fields_of(const TarEntry& entry, std::string_view name, const Text& text) {
  HeaderBlock block;
  block.set_text(kName, text(name));
  block.set_type(static_cast<char>(entry.type));
  block.set_text(kLinkName, text(entry.link_name));
  block.set_number(kMode, entry.mode);
  block.set_number(kUid, static_cast<std::int64_t>(entry.uid));
  block.set_number(kGid, static_cast<std::int64_t>(entry.gid));
  block.set_number(kSize, static_cast<std::int64_t>(entry.size));
  block.set_number(kMtime, entry.mtime);
  block.set_text(kUserName, text(entry.user_name));
  block.set_text(kGroupName, text(entry.group_name));
  block.set_number(kDeviceMajor, entry.device_major);
  block.set_number(kDeviceMinor, entry.device_minor);
  return block;
}

/// "a/b" gets its extended header as "a/PaxHeaders.0/b".
std::string pax_header_name(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto directory = slash == std::string_view::npos ? std::string_view() : name.substr(0, slash + 1);
  const auto file = slash == std::string_view::npos ? name : name.substr(slash + 1);
  auto result = only_ascii(base::clean_path(std::string(directory) + "PaxHeaders.0/" + std::string(file)));
  if (result.size() > kNameSize) result.resize(kNameSize);
  result.erase(result.find_last_not_of('/') + 1);
  return result;
}

}  // namespace

std::string pax_record(std::string_view key, std::string_view value) {
  const auto fixed = key.size() + value.size() + 3;  // " ", "=", "\n"
  auto size = fixed + std::to_string(fixed).size();
  size = fixed + std::to_string(size).size();
  std::string record = std::to_string(size);
  record.append(" ").append(key).append("=").append(value).append("\n");
  return record;
}

void TarWriter::add(const TarEntry& entry) {
  end_entry();
  check_entry(entry);
  const auto encoding = Chooser(entry).choose();
  if (encoding.plain) {
    auto name = std::string_view(entry.name);
    const auto split = split_name(name);
    if (split) name = split->name;
    auto block = fields_of(entry, name, [](std::string_view text) { return text; });
    if (split) block.set_text(kPrefix, split->prefix);
    sink_.write(block.seal());
  } else {
    write_pax_header(entry, encoding.records);
    sink_.write(fields_of(entry, entry.name, only_ascii).seal());
  }
  left_ = entry.size;
  padding_ = tar_padding(entry.size);
}

void TarWriter::write_pax_header(const TarEntry& entry, const std::map<std::string, std::string>& records) {
  std::string text;
  for (const auto& [key, value] : records) text += pax_record(key, value);
  if (text.size() > kMaxPaxHeader) {
    base::fail(base::Code::invalid_argument, "write tar entry \"{}\": names and attributes exceed 1 MiB", entry.name);
  }
  HeaderBlock block;
  block.set_type('x');
  block.set_text(kName, pax_header_name(entry.name));
  for (const auto field : {kMode, kUid, kGid, kMtime}) block.set_number(field, 0);
  block.set_number(kSize, static_cast<std::int64_t>(text.size()));
  sink_.write(block.seal());
  sink_.write(text);
  sink_.write(std::span(kZeros, tar_padding(text.size())));
}

void TarWriter::write(std::span<const std::byte> bytes) {
  if (bytes.size() > left_) {
    base::fail(base::Code::internal, "write tar: {} bytes more than the entry's size", bytes.size() - left_);
  }
  left_ -= bytes.size();
  sink_.write(bytes);
}

void TarWriter::end_entry() {
  if (left_ != 0) base::fail(base::Code::internal, "write tar: {} bytes of an entry are missing", left_);
  if (padding_ != 0) sink_.write(std::span(kZeros, padding_));
  padding_ = 0;
}

void TarWriter::finish() {
  end_entry();
  sink_.write(std::span(kZeros));
}

}  // namespace layer
