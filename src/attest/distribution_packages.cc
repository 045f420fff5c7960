// SPDX-License-Identifier: Apache-2.0
// Packages of Linux distributions: dpkg, apk, rpm.
#include <sqlite3.h>

#include <memory>
#include <optional>

#include "attest/licenses.h"
#include "attest/package_readers.h"
#include "base/strings.h"

namespace attest {
namespace {

/// "Name: value" paragraphs with continued lines; calls `paragraph` for each.
void read_paragraphs(std::string_view text,
                     const std::function<void(const std::map<std::string, std::string>&)>& paragraph) {
  std::map<std::string, std::string> fields;
  std::string last;
  const auto end = [&] {
    if (!fields.empty()) paragraph(fields);
    fields.clear();
    last.clear();
  };
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const auto line = text.substr(0, newline);
    text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
    if (base::trim(line).empty()) {
      end();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (!last.empty()) fields[last] += "\n" + std::string(line);
    } else if (const auto parts = base::cut(line, ":")) {
      last = base::lower(parts->first);
      fields[last] = base::trim(parts->second);
    }
  }
  end();
}

std::string field(const std::map<std::string, std::string>& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

std::string distro_qualifier(const Distribution& distribution) {
  if (distribution.id.empty()) return "";
  return distribution.version.empty() ? distribution.id : distribution.id + "-" + distribution.version;
}

/// "zlib (1:1.2.13.dfsg-1)" → "zlib@1:1.2.13.dfsg-1"
std::string source_of(const std::string& text, const std::string& name, const std::string& version) {
  if (text.empty()) return name + "@" + version;
  const auto space = text.find(' ');
  if (space == std::string::npos) return text + "@" + version;
  auto own = base::trim(std::string_view(text).substr(space));
  if (own.starts_with('(')) own.remove_prefix(1);
  if (own.ends_with(')')) own.remove_suffix(1);
  return text.substr(0, space) + "@" + std::string(own);
}

}  // namespace

Distribution read_os_release(std::string_view text) {
  Distribution distribution;
  for (const auto& line : base::split(text, '\n')) {
    const auto parts = base::cut(line, "=");
    if (!parts) continue;
    const std::string value(base::trim(parts->second, "\"' \t\r"));
    if (parts->first == "ID") distribution.id = value;
    if (parts->first == "VERSION_ID") distribution.version = value;
  }
  return distribution;
}

void read_dpkg_status(std::string_view text, const Distribution& distribution, Components& out) {
  read_paragraphs(text, [&](const auto& fields) {
    Component component;
    component.name = field(fields, "package");
    component.version = field(fields, "version");
    const std::string status = field(fields, "status");
    // Removed packages stay in the file with their configuration; files of status.d have no status at all.
    if (component.name.empty() || (!status.empty() && !status.ends_with(" installed"))) return;
    component.type = "deb";
    component.name_space = distribution.id.empty() ? "debian" : distribution.id;
    component.qualifiers["arch"] = field(fields, "architecture");
    component.qualifiers["distro"] = distro_qualifier(distribution);
    component.supplier = field(fields, "maintainer");
    component.source = source_of(field(fields, "source"), component.name, component.version);
    out.push_back(std::move(component));
  });
}

void read_apk_installed(std::string_view text, const Distribution& distribution, Components& out,
                        std::map<std::string, std::string>& files) {
  Component component;
  std::string origin;
  std::string directory;
  const auto end = [&] {
    if (!component.name.empty()) {
      component.type = "apk";
      component.name_space = distribution.id.empty() ? "alpine" : distribution.id;
      component.qualifiers["distro"] = distro_qualifier(distribution);
      component.source = (origin.empty() ? component.name : origin) + "@" + component.version;
      out.push_back(std::move(component));
    }
    component = {};
    origin.clear();
    directory.clear();
  };
  for (const auto& line : base::split(text, '\n')) {
    if (line.empty()) {
      end();
      continue;
    }
    if (line.size() < 2 || line[1] != ':') continue;
    const std::string value = line.substr(2);
    switch (line[0]) {
      case 'P': component.name = value; break;
      case 'V': component.version = value; break;
      case 'A': component.qualifiers["arch"] = value; break;
      case 'L': component.license = spdx_expression(value); break;
      case 'm': component.supplier = value; break;
      case 'o': origin = value; break;
      case 'F': directory = value; break;
      case 'R': files[directory.empty() ? value : directory + "/" + value] = component.name; break;
      default: break;
    }
  }
  end();
}

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
  component.qualifiers["distro"] = distro_qualifier(distribution);
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

}  // namespace attest
