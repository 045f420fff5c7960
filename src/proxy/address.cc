// SPDX-License-Identifier: Apache-2.0
#include "proxy/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
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

/// An address in the one spelling that a host of it has: IPv4 in all the forms that resolvers take (inet_aton(3)) as a
/// dotted quad, IPv6 compressed, mapped IPv4 as IPv4. Names stay as they are; nothing for a colon that is in no
/// address.
std::optional<std::string> normal_host(const std::string& host) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  in_addr v4{};
  if (host.find(':') == std::string::npos) {
    if (::inet_aton(host.c_str(), &v4) == 0) return host;
  } else {
    in6_addr v6{};
    if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
    if (!IN6_IS_ADDR_V4MAPPED(&v6)) return ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
    std::memcpy(&v4, &v6.s6_addr[12], sizeof v4);
  }
  return ::inet_ntop(AF_INET, &v4, text.data(), text.size());
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
  auto host = normal_host(url->host);
  if (!host) return std::nullopt;
  url->host = std::move(*host);
  const bool v6 = url->host.find(':') != std::string::npos;
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
