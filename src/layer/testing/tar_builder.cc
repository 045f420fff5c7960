// SPDX-License-Identifier: Apache-2.0
#include "layer/testing/tar_builder.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/format.h"
#include "layer/merged_view.h"
#include "layer/stream.h"
#include "layer/tar_reader.h"
#include "layer/tar_writer.h"
#include "layer/tree.h"

namespace layer::testing {

TarBuilder& TarBuilder::add(const TarEntry& entry, const std::string& content) {
  members_.push_back({entry, content});
  members_.back().entry.size = content.size();
  return *this;
}

TarBuilder& TarBuilder::file(const std::string& name, const std::string& content, std::uint32_t mode) {
  return add({.name = name, .mode = mode, .mtime = 1000}, content);
}

TarBuilder& TarBuilder::dir(const std::string& name, std::uint32_t mode) {
  return add({.name = name, .type = TarType::directory, .mode = mode, .mtime = 1000});
}

TarBuilder& TarBuilder::symlink(const std::string& name, const std::string& target) {
  return add({.name = name, .type = TarType::symlink, .mode = 0777, .mtime = 1000, .link_name = target});
}

TarBuilder& TarBuilder::link(const std::string& name, const std::string& target) {
  return add({.name = name, .type = TarType::hard_link, .mode = 0644, .mtime = 1000, .link_name = target});
}

std::string TarBuilder::end() const {
  StringSink sink;
  TarWriter writer(sink);
  for (const auto& member : members_) {
    writer.add(member.entry);
    writer.write(member.content);
  }
  writer.finish();
  return sink.text;
}

std::vector<TarEntry> entries_of(const std::string& tar) {
  StringSource source(tar);
  TarReader reader(source);
  std::vector<TarEntry> entries;
  while (const auto* entry = reader.next()) entries.push_back(*entry);
  return entries;
}

std::vector<std::string> names_of(const std::string& tar) {
  std::vector<std::string> names;
  for (const auto& entry : entries_of(tar)) {
    auto name = entry.name;
    if (entry.type == TarType::hard_link) name += " => " + entry.link_name;
    if (entry.type == TarType::symlink) name += " -> " + entry.link_name;
    names.push_back(name);
  }
  return names;
}

std::vector<std::string> describe_tree(const std::string& directory) {
  const auto root = base::open_directory(directory);
  std::vector<std::string> lines;
  walk_tree(root.get(), {}, [&](const TreeEntry& entry) {
    auto line = entry.path();
    if (is_whiteout(entry.stat())) {
      line += " whiteout";
    } else if (entry.is_symlink()) {
      line += " -> " + entry.link_target();
    } else {
      const char* type = entry.is_directory() ? "dir" : entry.is_file() ? "file" : "special";
      line += base::format(" {} {:o}", type, entry.stat().st_mode & 07777);
      if (entry.is_file()) line += " = " + base::read_all(entry.open().get());
      if (entry.is_directory() && is_opaque(entry.directory(), entry.name())) line += " opaque";
    }
    lines.push_back(line);
    return Visit::go_on;
  });
  return lines;
}

}  // namespace layer::testing
