// SPDX-License-Identifier: Apache-2.0
// Packages that lock files name: not there as files, but what a build of this source stands on.
#include <algorithm>

#include "attest/licenses.h"
#include "attest/package_names.h"
#include "attest/package_readers.h"
#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

/// Deeper trees of dependencies are in no file that npm wrote.
constexpr int kMaxLockDepth = 100;

void add(std::string_view type, std::string_view name, std::string_view version, Components& out,
         std::string license = {}) {
  Component component;
  component.type = type;
  set_scoped_name(name, component);
  component.version = version;
  component.license = std::move(license);
  if (!component.name.empty() && !component.version.empty()) out.push_back(std::move(component));
}

/// Version 1 of package-lock.json nests.
void add_npm_tree(const base::Json& dependencies, int depth, Components& out) {
  if (depth > kMaxLockDepth || !dependencies.is_object()) return;
  for (const auto& [name, entry] : dependencies.members()) {
    add("npm", name, entry["version"].string_or(""), out);
    add_npm_tree(entry["dependencies"], depth + 1, out);
  }
}

void read_package_lock(std::string_view text, Components& out) {
  base::Json json;
  try {
    json = base::Json::parse(text);
  } catch (const base::Error&) {
    return;
  }
  if (!json["packages"].is_object()) return add_npm_tree(json["dependencies"], 0, out);
  constexpr std::string_view kModules = "node_modules/";
  for (const auto& [place, entry] : json["packages"].members()) {
    const auto at = place.rfind(kModules);
    if (at == std::string::npos || entry["link"].bool_or(false)) continue;  // the source's own packages
    const std::string alias = entry["name"].string_or("");
    add("npm", alias.empty() ? place.substr(at + kModules.size()) : alias, entry["version"].string_or(""), out,
        entry["license"].is_string() ? spdx_expression(entry["license"].as_string()) : "");
  }
}

/// The text of `NAME = "text"` on that line; nothing for other lines.
std::optional<std::string> text_of_key(std::string_view line, std::string_view name) {
  const auto parts = base::cut(line, "=");
  if (!parts || base::trim(parts->first) != name) return std::nullopt;
  const auto value = base::trim(parts->second);
  if (value.size() < 2 || !value.starts_with('"')) return "";
  return std::string(value.substr(1, value.find('"', 1) - 1));
}

/// Cargo.lock, poetry.lock and uv.lock are of one form. Programs wrote them, so lines are enough: a parser of all of
/// TOML is no thing to show a stranger's file to (toml++ 3.3 ends the program at some).
void read_package_tables(std::string_view text, std::string_view type, Components& out) {
  struct Package {
    std::string name, version;
    bool is_own = false;
  };
  std::vector<Package> packages;
  bool inside = false;
  for (const auto& raw : base::split(text, '\n')) {
    const auto line = base::trim(raw);
    if (line.starts_with('[')) inside = line == "[[package]]";
    // Without a source a crate is the source's own; uv says so of a package in the source's place.
    if (line == "[[package]]") packages.push_back({.is_own = type == "cargo"});
    if (!inside) continue;
    Package& package = packages.back();
    if (const auto name = text_of_key(line, "name")) package.name = *name;
    if (const auto version = text_of_key(line, "version")) package.version = *version;
    const auto source = base::cut(line, "source = ");
    if (source && source->first.empty()) {
      package.is_own = source->second.starts_with("{ editable") || source->second.starts_with("{ virtual");
    }
  }
  for (const auto& package : packages) {
    if (!package.is_own) add(type, type == "pypi" ? python_name(package.name) : package.name, package.version, out);
  }
}

struct Module {
  std::string path, version;
  auto operator<=>(const Module&) const = default;
};

std::vector<std::string> go_words(std::string_view line) {
  std::vector<std::string> words;
  line = line.substr(0, line.find("//"));
  for (auto& word : base::split(base::replace_all(line, "\t", " "), ' ')) {
    word = std::string(base::trim(word));
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

/// go.mod: what it requires, replaced where it says so. A directory in a module's place is the source's own.
void read_go_mod(std::string_view text, Components& out) {
  std::vector<Module> required;
  std::map<Module, Module> replaced;
  std::string block;
  for (const auto& line : base::split(text, '\n')) {
    auto words = go_words(line);
    if (words.empty()) continue;
    if (words.size() == 2 && words[1] == "(") {
      block = words[0];
      continue;
    }
    if (words[0] == ")") {
      block.clear();
      continue;
    }
    if (!block.empty()) words.insert(words.begin(), block);
    if (words[0] == "require" && words.size() >= 3) required.push_back({words[1], words[2]});
    const auto arrow = std::find(words.begin(), words.end(), "=>");
    const auto before = arrow - words.begin();
    if (words[0] != "replace" || arrow == words.end() || before < 2 || words.end() - arrow < 2) continue;
    replaced[{words[1], before > 2 ? words[2] : ""}] = {arrow[1], words.end() - arrow > 2 ? arrow[2] : ""};
  }
  for (Module module : required) {
    auto other = replaced.find(module);
    if (other == replaced.end()) other = replaced.find({module.path, ""});
    if (other != replaced.end()) module = other->second;
    add("golang", module.path, module.version, out);
  }
}

/// requirements.txt: only what it pins.
void read_requirements(std::string_view text, Components& out) {
  for (const auto& line : base::split(text, '\n')) {
    auto rest = base::trim(std::string_view(line).substr(0, line.find('#')));
    rest = rest.substr(0, std::min(rest.find(';'), rest.find(" --")));
    const auto parts = base::cut(rest, "==");
    if (!parts || rest.starts_with('-')) continue;
    const auto name = base::trim(parts->first.substr(0, parts->first.find('[')));
    const auto version = base::trim(parts->second, " \t\r\\=");
    if (name.find_first_of(" <>!~,") != name.npos || version.find_first_of(" *,<>") != version.npos) continue;
    add("pypi", python_name(name), version, out);
  }
}

/// Gemfile.lock: "    name (1.0)" below "  specs:" of GEM.
void read_gemfile_lock(std::string_view text, Components& out) {
  std::string section;
  for (const auto& line : base::split(text, '\n')) {
    if (!line.empty() && line.front() != ' ') section = base::trim(line);
    constexpr std::size_t kIndent = 4;
    if (section != "GEM" || line.find_first_not_of(' ') != kIndent) continue;
    const auto parts = base::cut(std::string_view(line).substr(kIndent), " (");
    if (parts) add("gem", parts->first, parts->second.substr(0, parts->second.find(')')), out);
  }
}

}  // namespace

bool is_lock_file(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "package-lock.json", "npm-shrinkwrap.json", "Cargo.lock", "poetry.lock", "uv.lock", "go.mod",
      "requirements.txt",  "Gemfile.lock"};
  return base::is_one_of(name, kNames);
}

void read_lock_file(std::string_view name, std::string_view text, Components& out) {
  if (name == "package-lock.json" || name == "npm-shrinkwrap.json") read_package_lock(text, out);
  if (name == "Cargo.lock") read_package_tables(text, "cargo", out);
  if (name == "poetry.lock" || name == "uv.lock") read_package_tables(text, "pypi", out);
  if (name == "go.mod") read_go_mod(text, out);
  if (name == "requirements.txt") read_requirements(text, out);
  if (name == "Gemfile.lock") read_gemfile_lock(text, out);
}

}  // namespace attest
