// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/strings.h"

namespace oci {
namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kLegacyDomain = "index.docker.io";
constexpr std::string_view kOfficialPrefix = "library/";
constexpr std::size_t kMaxPath = 255;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Runs of [a-z0-9] joined by one ".", one or two "_", or any number of "-".
bool is_path_component(std::string_view text) {
  std::size_t i = 0;
  for (;;) {
    const std::size_t begin = i;
    while (i < text.size() && is_lower_or_digit(text[i])) ++i;
    if (i == begin) return false;
    if (i == text.size()) return true;
    if (text[i] == '.') {
      ++i;
    } else if (text[i] == '_') {
      i += i + 1 < text.size() && text[i + 1] == '_' ? 2 : 1;
    } else if (text[i] == '-') {
      while (i < text.size() && text[i] == '-') ++i;
    } else {
      return false;
    }
  }
}

bool is_path(std::string_view text) {
  const auto parts = base::split(text, '/');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return is_path_component(part); });
}

bool is_domain_name(std::string_view text) {
  const auto labels = base::split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return !label.empty() && is_alphanumeric(label.front()) && is_alphanumeric(label.back()) &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
  });
}

bool is_domain(std::string_view text) {
  std::string_view host = text;
  const std::size_t colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), is_digit)) return false;
    host = text.substr(0, colon);
  }
  if (!host.starts_with('[')) return is_domain_name(host);
  if (host.size() < 3 || !host.ends_with(']')) return false;
  host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [](char c) { return is_hex(c) || c == ':'; });
}

bool has_upper(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Splits off the registry: the first element is one if it looks like a host name, not a user name.
std::pair<std::string, std::string> split_domain(std::string_view text) {
  const auto parts = base::cut(text, "/");
  std::string domain(kDefaultDomain);
  std::string rest(text);
  if (parts) {
    const std::string first(parts->first);
    if (first == kLegacyDomain) {
      rest = std::string(parts->second);
    } else if (first == "localhost" || first.find_first_of(".:") != std::string::npos || has_upper(first)) {
      domain = first;
      rest = std::string(parts->second);
    }
  }
  if (domain == kDefaultDomain && rest.find('/') == std::string::npos) rest.insert(0, kOfficialPrefix);
  return {domain, rest};
}

[[noreturn]] void bad_reference(std::string_view text, std::string_view why) {
  base::fail(base::Code::invalid_argument, "failed to parse reference \"{}\": {}", text, why);
}

base::Digest parse_digest(std::string_view text, std::string_view whole) {
  const auto digest = base::Digest::parse(text);
  if (digest) return *digest;
  const auto parts = base::cut(text, ":");
  if (parts && parts->first != "sha256" && !parts->first.empty()) {
    bad_reference(whole, base::format("unsupported digest algorithm \"{}\", only sha256 is supported", parts->first));
  }
  bad_reference(whole, "invalid checksum digest format");
}

}  // namespace

bool is_valid_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > 128 || tag[0] == '.' || tag[0] == '-') return false;
  return std::all_of(tag.begin(), tag.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

Reference Reference::parse(std::string_view text) {
  if (text.empty()) bad_reference(text, "invalid reference format: repository name must have at least one component");
  if (text.size() == 64 &&
      std::all_of(text.begin(), text.end(), [](char c) { return is_hex(c) && !has_upper({&c, 1}); })) {
    bad_reference(text, "invalid repository name: cannot specify 64-byte hexadecimal strings");
  }
  Reference reference;
  std::string rest;
  std::tie(reference.domain, rest) = split_domain(text);
  if (const std::size_t at = rest.find('@'); at != std::string::npos) {
    reference.digest = parse_digest(std::string_view(rest).substr(at + 1), text);
    rest.resize(at);
  }
  const std::size_t colon = rest.find(':');
  const std::string_view path = std::string_view(rest).substr(0, colon);
  if (has_upper(path))
    bad_reference(text, base::format("invalid reference format: repository name ({}) must be lowercase", path));
  if (colon != std::string::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!is_valid_tag(reference.tag)) bad_reference(text, "invalid reference format");
  }
  if (!is_domain(reference.domain) || !is_path(path)) bad_reference(text, "invalid reference format");
  if (path.size() > kMaxPath) {
    bad_reference(text, base::format("repository name must not be more than {} characters", kMaxPath));
  }
  reference.path = std::string(path);
  return reference;
}

std::optional<Reference> Reference::parse_if_valid(std::string_view text) {
  try {
    return parse(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::string Reference::name() const { return domain.empty() ? path : domain + "/" + path; }

namespace {
std::string with_object(std::string name, const Reference& reference) {
  if (!reference.tag.empty()) name += ":" + reference.tag;
  if (!reference.digest.empty()) name += "@" + reference.digest.str();
  return name;
}
}  // namespace

std::string Reference::str() const { return with_object(name(), *this); }

std::string Reference::familiar_name() const {
  if (domain != kDefaultDomain) return name();
  if (path.starts_with(kOfficialPrefix)) {
    const std::string rest = path.substr(kOfficialPrefix.size());
    if (rest.find('/') == std::string::npos) return rest;
  }
  return path;
}

std::string Reference::familiar() const { return with_object(familiar_name(), *this); }

Reference Reference::tagged() const {
  Reference result = *this;
  if (result.tag.empty() && result.digest.empty()) result.tag = "latest";
  return result;
}

std::string Reference::object() const {
  if (!digest.empty()) return digest.str();
  return tag.empty() ? "latest" : tag;
}

}  // namespace oci
