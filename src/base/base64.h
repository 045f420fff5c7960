// SPDX-License-Identifier: Apache-2.0
#pragma once
// Standard base64 (RFC 4648, with padding): as credentials, JSON and inline caches carry bytes.
#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string base64_encode(std::string_view bytes);
/// Padding may be missing; nothing for other characters or a wrong length.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace base
