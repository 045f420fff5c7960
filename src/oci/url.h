// SPDX-License-Identifier: Apache-2.0
#pragma once
// http and https URLs as parts: for origins, redirects and query strings.
#include <optional>
#include <string>
#include <string_view>

namespace oci {

/// The parts of an absolute http(s) URL.
struct Url {
  std::string scheme;     ///< lower case
  std::string authority;  ///< host[:port] as written, without user info
  std::string host;       ///< lower case, without brackets
  int port = 0;
  std::string target;  ///< path and query, "/" at least; no fragment
  std::string user_info;
  /// "scheme://host:port", for comparing origins.
  std::string origin() const;
  std::string str() const { return scheme + "://" + authority + target; }
};

/// Nothing for other schemes and for text that is no URL (spaces, control characters).
std::optional<Url> parse_url(std::string_view text);
/// A Location header's value seen from `base`.
std::optional<Url> resolve_url(const Url& base, std::string_view location);
/// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback_host(std::string_view host);
/// Percent-encodes everything but unreserved characters.
std::string url_encode(std::string_view text);

}  // namespace oci
