// SPDX-License-Identifier: Apache-2.0
#include "oci/address_scope.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/format.h"

namespace oci {
namespace {

constexpr const char* kMetadata6[] = {"fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe"};

/// Metadata services that are at no link-local address: Alibaba's, Azure's, Oracle's.
bool is_metadata(std::uint32_t v4) {
  return v4 == 0x646464c8 /* 100.100.100.200 */ || v4 == 0xa83f8110 /* 168.63.129.16 */ ||
         v4 == 0xc00000c0 /* 192.0.0.192 */;
}

/// Amazon's, Google's, Oracle's.
bool is_metadata(const in6_addr& address) {
  return std::any_of(std::begin(kMetadata6), std::end(kMetadata6), [&](const char* text) {
    in6_addr service{};
    return ::inet_pton(AF_INET6, text, &service) == 1 && std::memcmp(&service, &address, sizeof service) == 0;
  });
}

/// In host byte order.
bool is_inner(std::uint32_t v4) {
  const std::uint32_t first = v4 >> 24;
  return is_metadata(v4) || first == 0 || first == 127 || (v4 >> 16) == 0xa9fe || first >= 224;
}

/// The IPv4 address that a host or a translator on the way makes of an IPv6 one.
std::optional<std::uint32_t> embedded(const std::array<std::uint8_t, 16>& bytes) {
  const auto at = [&](std::size_t i) {
    return (std::uint32_t{bytes[i]} << 24) | (std::uint32_t{bytes[i + 1]} << 16) | (std::uint32_t{bytes[i + 2]} << 8) |
           bytes[i + 3];
  };
  const auto zeros = [&](std::size_t from, std::size_t to) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                       bytes.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t byte) { return byte == 0; });
  };
  if (zeros(0, 10) && bytes[10] == 0xff && bytes[11] == 0xff) return at(12);                // mapped
  if (zeros(0, 8) && bytes[8] == 0xff && bytes[9] == 0xff && zeros(10, 12)) return at(12);  // translated
  if (zeros(0, 12)) return at(12);                         // compatible, also :: and ::1
  if (at(0) == 0x0064ff9b) return at(12);                  // NAT64
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return at(2);  // 6to4
  return std::nullopt;
}

bool is_inner(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  if (const auto v4 = embedded(bytes)) return is_inner(*v4);
  // fe80::/10, and fec0::/10, which once was for a site.
  const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0x80) != 0;
  return link_local || bytes[0] == 0xff || is_metadata(address);
}

}  // namespace

std::string inner_address(const sockaddr* address, socklen_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    if (!is_inner(ntohl(v4.sin_addr.s_addr))) return "";
    return ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    if (!is_inner(v6.sin6_addr)) return "";
    return ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return base::format("an address of family {}", static_cast<int>(address->sa_family));
}

}  // namespace oci
