// SPDX-License-Identifier: Apache-2.0
// Java archives: Maven's pom.properties, else the manifest, in the archive and in archives inside it.
#include <zlib.h>

#include <optional>

#include "attest/licenses.h"
#include "attest/package_readers.h"
#include "base/strings.h"

namespace attest {
namespace {

constexpr std::uint32_t kEndRecord = 0x06054b50;
constexpr std::uint32_t kCentralEntry = 0x02014b50;
constexpr std::uint32_t kLocalEntry = 0x04034b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::size_t kMaxDirectory = 64U << 20;
constexpr std::size_t kMaxText = 1U << 20;
constexpr std::size_t kMaxInnerJar = 64U << 20;
/// What all inner archives of one file may unpack to: a small file must not become a large one.
constexpr std::uint64_t kMaxUnpacked = 512U << 20;
constexpr int kMaxDepth = 3;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

struct ZipEntry {
  std::string name;
  std::uint32_t method = 0;
  std::uint32_t packed = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
};

std::vector<ZipEntry> zip_entries(const ReadAt& read, std::uint64_t size) {
  const std::size_t tail_size = static_cast<std::size_t>(std::min<std::uint64_t>(size, kEndSize + kMaxComment));
  const std::string tail = read(size - tail_size, tail_size);
  const std::string magic("PK\x05\x06", 4);
  const auto at = tail.rfind(magic);
  std::vector<ZipEntry> entries;
  if (at == std::string::npos || number(tail, at, 4) != kEndRecord || tail.size() - at < kEndSize) return entries;
  const std::uint32_t directory_size = number(tail, at + 12, 4);
  const std::uint32_t directory_offset = number(tail, at + 16, 4);
  if (directory_size > kMaxDirectory || directory_offset > size) return entries;
  const std::string directory = read(directory_offset, directory_size);
  for (std::size_t p = 0; p + kCentralSize <= directory.size() && number(directory, p, 4) == kCentralEntry;) {
    ZipEntry entry;
    entry.method = number(directory, p + 10, 2);
    entry.packed = number(directory, p + 20, 4);
    entry.size = number(directory, p + 24, 4);
    entry.offset = number(directory, p + 42, 4);
    const std::size_t name = number(directory, p + 28, 2);
    const std::size_t rest = number(directory, p + 30, 2) + number(directory, p + 32, 2);
    if (directory.size() - p - kCentralSize < name) break;
    entry.name = directory.substr(p + kCentralSize, name);
    entries.push_back(std::move(entry));
    p += kCentralSize + name + rest;
  }
  return entries;
}

/// The bytes of an entry; nothing when they are more than `limit`, or damaged.
std::optional<std::string> unzip(const ReadAt& read, const ZipEntry& entry, std::size_t limit) {
  if (entry.size > limit || entry.packed > limit) return std::nullopt;
  const std::string local = read(entry.offset, kLocalSize);
  if (local.size() < kLocalSize || number(local, 0, 4) != kLocalEntry) return std::nullopt;
  const std::uint64_t start = std::uint64_t{entry.offset} + kLocalSize + number(local, 26, 2) + number(local, 28, 2);
  std::string packed = read(start, entry.packed);
  if (entry.method == 0) return packed;
  if (entry.method != Z_DEFLATED) return std::nullopt;
  std::string out(entry.size, '\0');
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_FINISH);
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_out != 0) return std::nullopt;
  return out;
}

std::string value_of(std::string_view text, std::string_view key, char separator) {
  for (const auto& raw : base::split(text, '\n')) {
    const auto line = base::trim(raw);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == separator) {
      return std::string(base::trim(line.substr(key.size() + 1)));
    }
  }
  return "";
}

bool is_archive(std::string_view name) {
  return name.ends_with(".jar") || name.ends_with(".war") || name.ends_with(".ear");
}

/// "/x/commons-io-2.11.0.jar" → {"commons-io", "2.11.0"}
std::pair<std::string, std::string> from_file_name(std::string_view name) {
  name = name.substr(name.rfind('/') == name.npos ? 0 : name.rfind('/') + 1);
  name = name.substr(0, name.rfind('.'));
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] == '-' && name[i] >= '0' && name[i] <= '9') {
      return {std::string(name.substr(0, i - 1)), std::string(name.substr(i))};
    }
  }
  return {std::string(name), ""};
}

class JarReader {
 public:
  explicit JarReader(Components& out) : out_(out) {}

  void read(const ReadAt& read_at, std::uint64_t size, std::string_view name, int depth) {
    bool found = false;
    std::string manifest;
    for (const auto& entry : zip_entries(read_at, size)) {
      if (entry.name.ends_with("/pom.properties")) {
        if (const auto text = unzip(read_at, entry, kMaxText)) found = add_pom(*text) || found;
      } else if (entry.name == "META-INF/MANIFEST.MF") {
        manifest = unzip(read_at, entry, kMaxText).value_or("");
      } else if (is_archive(entry.name) && depth < kMaxDepth) {
        read_inner(read_at, entry, depth);
      }
    }
    if (!found) add_manifest(manifest, name);
  }

 private:
  void read_inner(const ReadAt& read_at, const ZipEntry& entry, int depth) {
    if (unpacked_ + entry.size > kMaxUnpacked) return;
    const auto bytes = unzip(read_at, entry, kMaxInnerJar);
    if (!bytes) return;
    unpacked_ += bytes->size();
    const auto inner = [&](std::uint64_t offset, std::size_t count) {
      return offset > bytes->size() ? std::string() : bytes->substr(static_cast<std::size_t>(offset), count);
    };
    read(inner, bytes->size(), entry.name, depth + 1);
  }

  bool add_pom(std::string_view text) {
    Component component;
    component.type = "maven";
    component.name_space = value_of(text, "groupId", '=');
    component.name = value_of(text, "artifactId", '=');
    component.version = value_of(text, "version", '=');
    if (component.name.empty() || component.version.empty()) return false;
    out_.push_back(std::move(component));
    return true;
  }

  void add_manifest(std::string_view manifest, std::string_view file) {
    const auto [name, version] = from_file_name(file);
    Component component;
    component.type = "maven";
    component.name = value_of(manifest, "Implementation-Title", ':');
    if (component.name.empty() || component.name.find(' ') != std::string::npos) component.name = name;
    component.name_space = value_of(manifest, "Implementation-Vendor-Id", ':');
    component.version = value_of(manifest, "Implementation-Version", ':');
    if (component.version.empty()) component.version = value_of(manifest, "Bundle-Version", ':');
    if (component.version.empty()) component.version = version;
    component.license = spdx_expression(value_of(manifest, "Bundle-License", ':'));
    if (component.license.find("http") != std::string::npos) component.license.clear();
    if (!component.name.empty() && !component.version.empty()) out_.push_back(std::move(component));
  }

  Components& out_;
  std::uint64_t unpacked_ = 0;
};

}  // namespace

void read_jar(const ReadAt& read, std::uint64_t size, std::string_view name, Components& out) {
  JarReader(out).read(read, size, name, 0);
}

}  // namespace attest
