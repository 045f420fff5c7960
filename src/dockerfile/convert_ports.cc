// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/convert_ports.h"

#include <arpa/inet.h>

#include <optional>

#include "base/error.h"
#include "base/strings.h"
#include "base/unicode.h"

namespace dockerfile {

namespace {

constexpr std::int64_t kLastPort = 65535;

struct PortRange {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first + 1; }
};

struct Parts {
  std::string ip, host, container;
};

Parts split_parts(std::string_view text) {
  auto pieces = base::split(text, ':');
  Parts parts;
  parts.container = pieces.back();
  pieces.pop_back();
  if (!pieces.empty()) {
    parts.host = pieces.back();
    pieces.pop_back();
  }
  parts.ip = base::join(pieces, ":");
  return parts;
}

std::optional<std::int64_t> parse_port(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto port = base::parse_int(text);
  return port && *port >= 0 && *port <= kLastPort ? port : std::nullopt;
}

std::optional<PortRange> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos || text.substr(0, dash) == text.substr(dash + 1)) return PortRange{*first, *first};
  const auto last = parse_port(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

void check_address(std::string ip) {
  if (ip.empty()) return;
  if (ip.front() == '[') {
    // Only a whole "[address]" may stand in brackets.
    if (ip.size() < 2 || ip.find(']') != ip.size() - 1) {
      base::fail(base::Code::invalid_argument, "invalid IP address {}: address {}:: missing ']' in address", ip, ip);
    }
    ip = ip.substr(1, ip.size() - 2);
    if (ip.empty()) return;
  }
  if (!is_ip_address(ip)) base::fail(base::Code::invalid_argument, "invalid IP address: {}", ip);
}

}  // namespace

bool is_ip_address(std::string_view text) {
  const std::string address(text);
  if (address.size() != std::char_traits<char>::length(address.c_str())) return false;
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, address.c_str(), &v4) == 1 || inet_pton(AF_INET6, address.c_str(), &v6) == 1;
}

ExposedPorts parse_exposed_port(std::string_view text) {
  auto parts = split_parts(text);
  const auto slash = parts.container.find('/');
  const auto protocol = slash == std::string::npos ? "" : parts.container.substr(slash + 1);
  parts.container.resize(std::min(slash, parts.container.size()));
  if (parts.container.empty()) {
    base::fail(base::Code::invalid_argument, "invalid port: {}: no port specified", base::quote(text));
  }
  const auto lower = base::lower_runes(protocol);
  if (!lower.empty() && lower != "tcp" && lower != "udp" && lower != "sctp") {
    base::fail(base::Code::invalid_argument, "invalid port: {}: invalid proto: {}", base::quote(text), protocol);
  }
  ExposedPorts result;
  result.upper_case_protocol = protocol != lower;
  result.has_host_part = !parts.ip.empty() || !parts.host.empty();
  check_address(parts.ip);
  const auto range = parse_range(parts.container);
  if (!range) base::fail(base::Code::invalid_argument, "invalid containerPort: {}", parts.container);
  if (!parts.host.empty()) {
    const auto host = parse_range(parts.host);
    if (!host) base::fail(base::Code::invalid_argument, "invalid hostPort: {}", parts.host);
    if (range->size() != host->size() && range->size() != 1) {
      base::fail(base::Code::invalid_argument, "invalid ranges specified for container and host Ports: {} and {}",
                 parts.container, parts.host);
    }
  }
  for (auto port = range->first; port <= range->last; ++port) {
    result.ports.push_back(std::to_string(port) + "/" + (lower.empty() ? "tcp" : lower));
  }
  return result;
}

}  // namespace dockerfile
