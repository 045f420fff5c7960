// SPDX-License-Identifier: Apache-2.0
#pragma once
// Standard base64 (RFC 4648, with padding): credentials, inline caches.
#include <optional>
#include <string>
#include <string_view>

namespace oci {

std::string base64_encode(std::string_view bytes);
/// Padding may be missing; nothing for other characters or a wrong length.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace oci
