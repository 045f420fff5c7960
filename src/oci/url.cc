// SPDX-License-Identifier: Apache-2.0
#include "oci/url.h"

#include <algorithm>

#include "base/format.h"
#include "base/path.h"
#include "base/strings.h"

namespace oci {
namespace {

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

bool split_host_port(std::string_view authority, Url& url) {
  std::string_view port;
  std::string_view host = authority;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port[0] != ':') return false;
    if (!port.empty()) port.remove_prefix(1);
  } else if (const auto parts = base::cut(authority, ":")) {
    host = parts->first;
    port = parts->second;
  }
  if (host.empty()) return false;
  url.host = base::lower(host);
  url.port = url.scheme == "https" ? 443 : 80;
  if (port.empty()) return true;
  const auto number = base::parse_int(port);
  if (!number || *number < 1 || *number > 65535) return false;
  url.port = static_cast<int>(*number);
  return true;
}

}  // namespace

std::string Url::origin() const { return base::format("{}://{}:{}", scheme, host, port); }

std::optional<Url> parse_url(std::string_view text) {
  if (!is_printable(text)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  const auto parts = base::cut(text, "://");
  if (!parts) return std::nullopt;
  Url url;
  url.scheme = base::lower(parts->first);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  const std::size_t end = std::min(parts->second.find_first_of("/?\\"), parts->second.size());
  std::string_view authority = parts->second.substr(0, end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = std::string(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  if (!split_host_port(authority, url)) return std::nullopt;
  url.authority = std::string(authority);
  url.target = std::string(parts->second.substr(end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::optional<Url> resolve_url(const Url& base_url, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (!is_printable(location) || location.empty()) return std::nullopt;
  const std::size_t colon = location.find("://");
  if (colon != std::string_view::npos && colon < location.find_first_of("/?")) return parse_url(location);
  if (location.starts_with("//")) return parse_url(base_url.scheme + ":" + std::string(location));
  Url url = base_url;
  const std::string path = base_url.target.substr(0, base_url.target.find('?'));
  if (location.starts_with('/')) {
    url.target = std::string(location);
  } else if (location.starts_with('?')) {
    url.target = path + std::string(location);
  } else {
    const std::size_t query = std::min(location.find('?'), location.size());
    const std::string relative(location.substr(0, query));
    std::string joined = base::clean_path(path.substr(0, path.rfind('/') + 1) + relative);
    if (relative.ends_with('/') && !joined.ends_with('/')) joined += '/';
    url.target = joined + std::string(location.substr(query));
  }
  return url;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += base::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace oci
