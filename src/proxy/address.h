// SPDX-License-Identifier: Apache-2.0
#pragma once
// What steps ask for, in the one form that is judged, fetched and recorded.
//
// Several spellings of an address lead to one place. A rule about one of them would be no rule if another got past it,
// so host, port and path are brought into their normal form (RFC 3986, 6.2.2) before anybody looks at them, and that
// form is what is asked of the server.
#include <optional>
#include <string>
#include <string_view>

#include "oci/url.h"

namespace proxy {

/// Host in lower case without a final dot, addresses in their one spelling (IPv4 that is mapped into IPv6 as IPv4), no
/// default port, no dot segments, every octet encoded or not as it must be. Nothing for text that is no http or https
/// URL.
std::optional<oci::Url> normal_url(std::string_view text);

/// For records and logs: no user, no password, and "xxxxx" in place of the values of query parameters that are known to
/// grant access (signatures, tokens, keys, passwords).
std::string shown_url(const oci::Url& url);

/// The same of a Location header; text that is no URL comes back as "".
std::string shown_location(const oci::Url& base, std::string_view location);

}  // namespace proxy
