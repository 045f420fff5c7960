// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ports as EXPOSE takes them: "80", "8000-8010/udp", and (to be refused one day) "ip:host:container".
#include <string>
#include <string_view>
#include <vector>

namespace dockerfile {

struct ExposedPorts {
  std::vector<std::string> ports;  ///< "80/tcp", every port of a range
  bool upper_case_protocol = false;
  bool has_host_part = false;  ///< an address or a host port, which mean nothing here
};

/// Throws invalid_argument.
ExposedPorts parse_exposed_port(std::string_view text);

/// What net.ParseIP takes: dotted IPv4 without leading zeros, or IPv6.
bool is_ip_address(std::string_view text);

}  // namespace dockerfile
