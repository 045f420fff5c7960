// SPDX-License-Identifier: Apache-2.0
// Packages of Linux distributions: dpkg and apk.
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

std::string Distribution::qualifier() const { return id.empty() || version.empty() ? id : id + "-" + version; }

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
    component.qualifiers["distro"] = distribution.qualifier();
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
      component.qualifiers["distro"] = distribution.qualifier();
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

}  // namespace attest
