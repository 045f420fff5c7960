// SPDX-License-Identifier: Apache-2.0
#include "proxy/address.h"

#include <algorithm>
#include <vector>

#include "base/format.h"
#include "base/strings.h"

namespace proxy {
namespace {

constexpr std::string_view kMask = "xxxxx";

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
/// What may stand in a path or a query as it is.
bool is_plain(char c) {
  return is_unreserved(c) || std::string_view("!$&'()*+,;=:@/?[]").find(c) != std::string_view::npos;
}

/// Each octet in its one spelling; a '%' that begins nothing is an octet like others.
std::string normal_octets(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = text[i] == '%' && i + 2 < text.size() && text[i + 1] != '-' && text[i + 1] != '+'
                           ? base::parse_int(text.substr(i + 1, 2), 16)
                           : std::nullopt;
    if (value && is_unreserved(static_cast<char>(*value))) {
      out += static_cast<char>(*value);
    } else if (value) {
      out += base::format("%{:02X}", *value);
    } else if (is_plain(text[i])) {
      out += text[i];
    } else {
      out += base::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
    }
    if (value) i += 2;
  }
  return out;
}

/// RFC 3986, 5.2.4, of a path that begins with '/'.
std::string without_dots(std::string_view path) {
  std::vector<std::string> kept;
  const auto parts = base::split(path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (parts[i] != ".") {
      kept.push_back(parts[i]);
      continue;
    }
    if (last) kept.emplace_back();
  }
  return "/" + base::join(kept, "/");
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':';
  });
}

/// Whether a query parameter's value opens something.
bool is_secret_name(std::string_view name) {
  static constexpr std::string_view kParts[] = {
      "token",      "signature", "secret",        "password",   "passwd",         "api_key", "apikey",
      "access_key", "api-key",   "authorization", "credential", "security-token", "private", "session"};
  static constexpr std::string_view kNames[] = {"sig", "key", "auth",           "pass", "pwd",
                                                "jwt", "sas", "awsaccesskeyid", "code"};
  const std::string lowered = base::lower(name);
  if (base::is_one_of(lowered, kNames)) return true;
  return std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) { return lowered.find(part) != std::string::npos; });
}

std::string shown_query(std::string_view query) {
  std::string out;
  for (auto& parameter : base::split(query, '&')) {
    const auto parts = base::cut(parameter, "=");
    if (!out.empty()) out += '&';
    if (parts && !parts->second.empty() && is_secret_name(parts->first)) {
      out += std::string(parts->first) + "=" + std::string(kMask);
    } else {
      out += parameter;
    }
  }
  return out;
}

}  // namespace

std::optional<oci::Url> normal_url(std::string_view text) {
  auto url = oci::parse_url(text);
  if (!url) return std::nullopt;
  while (url->host.size() > 1 && url->host.ends_with('.')) url->host.pop_back();
  if (!is_host(url->host)) return std::nullopt;
  const bool v6 = url->host.find(':') != std::string::npos;
  // A host in brackets is an address, and only that.
  if (v6 && url->host.find_first_not_of("0123456789abcdef:.") != std::string::npos) return std::nullopt;
  url->authority = v6 ? "[" + url->host + "]" : url->host;
  if (url->port != (url->scheme == "https" ? 443 : 80)) url->authority += base::format(":{}", url->port);
  const std::string target = normal_octets(url->target);
  const std::size_t query = std::min(target.find('?'), target.size());
  url->target = without_dots(std::string_view(target).substr(0, query)) + target.substr(query);
  return url;
}

std::string shown_url(const oci::Url& url) {
  const std::size_t query = url.target.find('?');
  std::string target = url.target;
  if (query != std::string::npos) target = target.substr(0, query + 1) + shown_query(target.substr(query + 1));
  return url.scheme + "://" + url.authority + target;
}

std::string shown_location(const oci::Url& base, std::string_view location) {
  const auto target = oci::resolve_url(base, location);
  const auto normal = target ? normal_url(target->str()) : std::nullopt;
  return normal ? shown_url(*normal) : "";
}

}  // namespace proxy
