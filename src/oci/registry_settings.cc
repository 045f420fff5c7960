// SPDX-License-Identifier: Apache-2.0
#include "oci/registry_settings.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/toml.h"

namespace oci {
namespace {

constexpr std::size_t kMaxFile = 4U << 20;

std::string host_of(std::string_view location) { return std::string(location.substr(0, location.find('/'))); }

[[noreturn]] void wrong(const std::string& path, const base::Toml& at, std::string_view what) {
  base::fail(base::Code::invalid_argument, "{}:{}: {}", path, at.line(), what);
}

std::string text_of(const base::Toml& table, std::string_view key, const std::string& path) {
  const base::Toml* value = table.find(key);
  if (value == nullptr) return "";
  if (!value->text()) wrong(path, *value, base::format("{} is no text", key));
  return *value->text();
}

bool flag_of(const base::Toml& table, std::string_view key, const std::string& path) {
  const base::Toml* value = table.find(key);
  if (value == nullptr) return false;
  if (!value->flag()) wrong(path, *value, base::format("{} is neither true nor false", key));
  return *value->flag();
}

std::vector<std::string> texts_of(const base::Toml& table, std::string_view key, const std::string& path) {
  std::vector<std::string> texts;
  const base::Toml* value = table.find(key);
  if (value == nullptr) return texts;
  if (!value->array()) wrong(path, *value, base::format("{} is no list", key));
  for (const auto& item : *value->array()) {
    if (!item.text()) wrong(path, item, base::format("{} holds something that is no text", key));
    texts.push_back(*item.text());
  }
  return texts;
}

/// A host with an optional path, as in an image's name.
void check_location(const std::string& location, const std::string& path, const base::Toml& at) {
  const auto reference = Reference::parse_if_valid(location + (location.find('/') == std::string::npos ? "/x" : ""));
  if (!reference || reference->domain != host_of(location)) {
    wrong(path, at, base::format("\"{}\" is no location: want host[:port][/path]", location));
  }
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  if (prefix.starts_with("*.")) {
    // Of hosts below a domain alone.
    const auto host = name.substr(0, name.find('/'));
    return host.ends_with(prefix.substr(1));
  }
  return name.starts_with(prefix) &&
         (name.size() == prefix.size() || std::string_view("/:@").find(name[prefix.size()]) != std::string_view::npos);
}

/// The image's name with what the prefix said replaced by a location.
Reference moved(const Reference& image, std::string_view prefix, const std::string& location) {
  if (location.empty() || prefix.starts_with("*.")) return image;
  std::string name = location + image.name().substr(prefix.size());
  if (!image.tag.empty()) name += ":" + image.tag;
  if (!image.digest.empty()) name += "@" + image.digest.str();
  return Reference::parse(name);
}

}  // namespace

/// One file into the settings.
class RegistrySettings::Reader {
 public:
  Reader(RegistrySettings& settings, const std::string& path) : settings_(settings), path_(path) {}

  void read(const base::Toml& document) {
    const base::Toml* registry = document.find("registry");
    if (registry == nullptr) return;
    if (const auto* list = registry->array()) {
      for (const auto& entry : *list) read_containers(entry);
    } else if (const auto* hosts = registry->table()) {
      for (const auto& [host, entry] : *hosts) read_buildkit(host, entry);
    } else {
      wrong(path_, *registry, "registry is neither a list nor a table");
    }
  }

 private:
  void read_containers(const base::Toml& entry) {
    if (!entry.table()) wrong(path_, entry, "a registry is no table");
    Rule rule{.location = text_of(entry, "location", path_), .file = path_, .mirrors = {}};
    std::string prefix = text_of(entry, "prefix", path_);
    if (prefix.empty()) prefix = rule.location;
    if (prefix.empty()) wrong(path_, entry, "a registry has neither prefix nor location");
    if (!rule.location.empty()) check_location(rule.location, path_, entry);
    rule.blocked = flag_of(entry, "blocked", path_);
    if (flag_of(entry, "insecure", path_)) {
      settings_.insecure_.insert(host_of(rule.location.empty() ? prefix : rule.location));
    }
    if (const base::Toml* mirrors = entry.find("mirror")) {
      if (!mirrors->array()) wrong(path_, *mirrors, "mirror is no list of tables");
      for (const auto& mirror : *mirrors->array()) rule.mirrors.push_back(read_mirror(mirror));
    }
    settings_.rules_[prefix] = std::move(rule);
  }

  Mirror read_mirror(const base::Toml& entry) {
    if (!entry.table()) wrong(path_, entry, "a mirror is no table");
    Mirror mirror{.location = text_of(entry, "location", path_)};
    check_location(mirror.location, path_, entry);
    const std::string use = text_of(entry, "pull-from-mirror", path_);
    if (use == "digest-only") {
      mirror.use = MirrorUse::digests;
    } else if (use == "tag-only") {
      mirror.use = MirrorUse::tags;
    } else if (!use.empty() && use != "all") {
      wrong(path_, *entry.find("pull-from-mirror"), "pull-from-mirror: want all, digest-only or tag-only");
    }
    if (flag_of(entry, "insecure", path_)) settings_.insecure_.insert(host_of(mirror.location));
    return mirror;
  }

  void read_buildkit(const std::string& host, const base::Toml& entry) {
    if (!entry.table()) wrong(path_, entry, "a registry is no table");
    check_location(host, path_, entry);
    Rule rule{.location = host, .file = path_, .mirrors = {}};
    for (auto& mirror : texts_of(entry, "mirrors", path_)) {
      check_location(mirror, path_, *entry.find("mirrors"));
      rule.mirrors.push_back({std::move(mirror), MirrorUse::all});
    }
    if (flag_of(entry, "http", path_)) settings_.plain_.insert(host);
    if (flag_of(entry, "insecure", path_)) settings_.insecure_.insert(host);
    TlsSettings tls;
    tls.ca_files = texts_of(entry, "ca", path_);
    const base::Toml* keypair = entry.find("keypair");
    if (keypair && keypair->array() && !keypair->array()->empty()) {
      const base::Toml& pair = keypair->array()->front();
      tls.client_key = text_of(pair, "key", path_);
      tls.client_certificate = text_of(pair, "cert", path_);
    }
    if (tls != TlsSettings{}) settings_.tls_[host] = tls;
    settings_.rules_[host] = std::move(rule);
  }

  RegistrySettings& settings_;
  const std::string& path_;
};

void RegistrySettings::add(std::string_view text, const std::string& path) {
  Reader(*this, path).read(base::Toml::parse(text, path));
}

RegistrySettings RegistrySettings::conventional(
    const std::function<std::optional<std::string>(const std::string&)>& environment) {
  RegistrySettings settings;
  const auto given = [&](const std::string& name) { return environment(name).value_or(""); };
  for (const char* name : {"SLIPWAY_REGISTRIES", "CONTAINERS_REGISTRIES_CONF"}) {
    const std::string path = given(name);
    if (path.empty()) continue;
    settings.add(base::read_file(path, kMaxFile), path);
    return settings;
  }
  std::string own = given("XDG_CONFIG_HOME");
  if (own.empty() && !given("HOME").empty()) own = given("HOME") + "/.config";
  for (const std::string& directory : {own, std::string("/etc")}) {
    const std::string path = directory + "/containers/registries.conf";
    if (directory.empty() || !base::exists(path)) continue;
    settings.add(base::read_file(path, kMaxFile), path);
    if (base::exists(path + ".d")) {
      auto names = base::list_directory(path + ".d");
      std::sort(names.begin(), names.end());
      for (const auto& name : names) {
        const std::string part = base::join_path(path + ".d", name);
        if (name.ends_with(".conf")) settings.add(base::read_file(part, kMaxFile), part);
      }
    }
    return settings;
  }
  return settings;
}

const std::pair<const std::string, RegistrySettings::Rule>* RegistrySettings::rule_of(const Reference& image) const {
  Reference plain = image;
  const std::string name = plain.str();
  const std::pair<const std::string, Rule>* best = nullptr;
  for (const auto& entry : rules_) {
    if (has_prefix(name, entry.first) && (best == nullptr || entry.first.size() > best->first.size())) best = &entry;
  }
  return best;
}

std::vector<Reference> RegistrySettings::sources(const Reference& image, ByDigest by_digest) const {
  const auto* rule = rule_of(image);
  if (rule == nullptr) return {image};
  if (rule->second.blocked) {
    base::Error error(base::Code::permission_denied, base::format("{} is blocked by {} (registry {})", image.familiar(),
                                                                  rule->second.file, rule->first));
    error.set_refusal();
    throw error;
  }
  std::vector<Reference> sources;
  for (const auto& mirror : rule->second.mirrors) {
    if (mirror.use == MirrorUse::digests && by_digest == ByDigest::no) continue;
    if (mirror.use == MirrorUse::tags && by_digest == ByDigest::yes) continue;
    sources.push_back(moved(image, rule->first, mirror.location));
  }
  sources.push_back(moved(image, rule->first, rule->second.location));
  return sources;
}

Reference RegistrySettings::location(const Reference& image) const { return sources(image, ByDigest::no).back(); }

}  // namespace oci
