// SPDX-License-Identifier: Apache-2.0
// What programs say of themselves: Go's build information, Rust's list of crates (cargo-auditable).
#include <elf.h>
#include <zlib.h>

#include <cstring>
#include <optional>

#include "attest/package_names.h"
#include "attest/package_readers.h"
#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

constexpr std::size_t kMaxSections = 10000;
constexpr std::uint64_t kMaxSection = 16U << 20;
constexpr std::size_t kMaxCrates = 16U << 20;

struct Section {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

template <typename T>
std::optional<T> copy_out(std::string_view bytes, std::size_t at) {
  T value;
  if (at > bytes.size() || bytes.size() - at < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Sections of a little-endian ELF file of either class; none for anything else.
template <typename Header, typename Entry>
std::vector<Section> sections_of(const ReadAt& read, std::uint64_t size) {
  const auto header = copy_out<Header>(read(0, sizeof(Header)), 0);
  std::vector<Section> sections;
  if (!header || header->e_shentsize != sizeof(Entry) || header->e_shnum > kMaxSections) return sections;
  if (header->e_shoff > size || size - header->e_shoff < std::uint64_t{header->e_shnum} * sizeof(Entry))
    return sections;
  const std::string table = read(header->e_shoff, header->e_shnum * sizeof(Entry));
  const auto names_entry = copy_out<Entry>(table, header->e_shstrndx * sizeof(Entry));
  if (!names_entry || names_entry->sh_size > kMaxSection) return sections;
  const std::string names = read(names_entry->sh_offset, static_cast<std::size_t>(names_entry->sh_size));
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const auto entry = copy_out<Entry>(table, i * sizeof(Entry));
    if (!entry || entry->sh_name >= names.size()) continue;
    const std::string name(names.c_str() + entry->sh_name);
    sections.push_back({name, entry->sh_addr, entry->sh_offset, entry->sh_size});
  }
  return sections;
}

std::vector<Section> elf_sections(const ReadAt& read, std::uint64_t size) {
  const std::string head = read(0, EI_NIDENT);
  if (head.size() < EI_NIDENT || !head.starts_with(std::string_view(ELFMAG, SELFMAG)) || head[EI_DATA] != ELFDATA2LSB) {
    return {};
  }
  return head[EI_CLASS] == ELFCLASS64 ? sections_of<Elf64_Ehdr, Elf64_Shdr>(read, size)
                                      : sections_of<Elf32_Ehdr, Elf32_Shdr>(read, size);
}

std::string section_bytes(const ReadAt& read, const Section& section) {
  return section.size > kMaxSection ? "" : read(section.offset, static_cast<std::size_t>(section.size));
}

// ---- Go ----

constexpr std::string_view kGoMagic = "\xff Go buildinf:";
constexpr std::size_t kGoHeader = 32;
constexpr std::size_t kGoSentinel = 16;  ///< bytes before and behind the module text

/// A length (LEB128) and as many bytes; moves `at` behind them.
std::optional<std::string> go_string(std::string_view bytes, std::size_t& at) {
  std::uint64_t length = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (at >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    length |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) break;
  }
  if (length > bytes.size() - at) return std::nullopt;
  std::string text(bytes.substr(at, static_cast<std::size_t>(length)));
  at += static_cast<std::size_t>(length);
  return text;
}

/// Before Go 1.18 the header points to string headers in the data (64-bit little-endian programs).
std::optional<std::string> go_pointed_string(const ReadAt& read, const std::vector<Section>& sections,
                                             std::uint64_t pointer) {
  const auto at_address = [&](std::uint64_t address, std::size_t size) -> std::string {
    for (const auto& section : sections) {
      if (section.address == 0 || address < section.address || address - section.address >= section.size) continue;
      return read(section.offset + (address - section.address), size);
    }
    return "";
  };
  const std::string header = at_address(pointer, 16);
  const auto data = copy_out<std::uint64_t>(header, 0);
  const auto length = copy_out<std::uint64_t>(header, 8);
  if (!data || !length || *length > kMaxSection) return std::nullopt;
  return at_address(*data, static_cast<std::size_t>(*length));
}

void add_module(const std::vector<std::string>& fields, Components& out) {
  if (fields.size() < 3 || fields[1].empty() || fields[1].ends_with('/')) return;
  Component component;
  component.type = "golang";
  set_scoped_name(fields[1], component);
  component.version = fields[2] == "(devel)" ? "" : fields[2];
  out.push_back(std::move(component));
}

void read_go(const ReadAt& read, const std::vector<Section>& sections, const Section& section, Components& out) {
  const std::string bytes = section_bytes(read, section);
  if (!bytes.starts_with(kGoMagic) || bytes.size() < kGoHeader) return;
  std::optional<std::string> version;
  std::optional<std::string> modules;
  if ((bytes[kGoMagic.size() + 1] & 2) != 0) {
    std::size_t at = kGoHeader;
    version = go_string(bytes, at);
    modules = go_string(bytes, at);
  } else if (bytes[kGoMagic.size()] == 8) {
    version = go_pointed_string(read, sections, copy_out<std::uint64_t>(bytes, 16).value_or(0));
    modules = go_pointed_string(read, sections, copy_out<std::uint64_t>(bytes, 24).value_or(0));
  }
  if (!version || version->empty()) return;
  out.push_back({.type = "golang", .name = "stdlib", .version = *version, .license = "BSD-3-Clause"});
  if (!modules || modules->size() < 2 * kGoSentinel) return;
  Components found;
  std::string path;
  for (const auto& line : base::split(modules->substr(kGoSentinel, modules->size() - 2 * kGoSentinel), '\n')) {
    const auto fields = base::split(line, '\t');
    if (fields[0] == "path" && fields.size() > 1) path = fields[1];
    if (fields[0] == "mod" || fields[0] == "dep") add_module(fields, found);
    if (fields[0] == "=>" && !found.empty()) {  // what stands there instead of the module before it
      found.pop_back();
      add_module(fields, found);
    }
  }
  // Built without modules, as distributions do: only its own name is known.
  if (found.empty() && !path.empty() && path != "command-line-arguments") add_module({"mod", path, "(devel)"}, found);
  out.insert(out.end(), found.begin(), found.end());
}

// ---- Rust ----

std::string inflate_all(const std::string& packed) {
  z_stream stream{};
  if (::inflateInit(&stream) != Z_OK) return "";
  std::string out;
  std::string piece(64 << 10, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  int result = Z_OK;
  while (result == Z_OK && out.size() <= kMaxCrates) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    result = ::inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  ::inflateEnd(&stream);
  return result == Z_STREAM_END ? out : "";
}

void read_crates(const std::string& packed, Components& out) {
  try {
    const base::Json json = base::Json::parse(inflate_all(packed));
    for (const auto& package : json["packages"].items()) {
      if (package["kind"].string_or("") == "build") continue;  // ran at build time only
      Component component;
      component.type = "cargo";
      component.name = package["name"].string_or("");
      component.version = package["version"].string_or("");
      if (!component.name.empty()) out.push_back(std::move(component));
    }
  } catch (const base::Error&) {
    // No such list after all.
  }
}

}  // namespace

void read_program(const ReadAt& read, std::uint64_t size, Components& out) {
  const auto sections = elf_sections(read, size);
  for (const auto& section : sections) {
    if (section.name == ".go.buildinfo") read_go(read, sections, section, out);
    if (section.name == ".dep-v0") read_crates(section_bytes(read, section), out);
  }
}

}  // namespace attest
