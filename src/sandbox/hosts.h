// SPDX-License-Identifier: Apache-2.0
#pragma once
// The generated /etc/hosts and /etc/resolv.conf that every container sees.
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/container.h"

namespace sandbox {

/// Loopback names, the host name, then the extra hosts in order.
std::string hosts_text(const std::string& hostname, const std::vector<HostEntry>& extra);

/// The host's own name servers: the container shares the host's network, so even a resolver on the
/// loopback answers it. "" when the host has no resolv.conf.
std::string resolv_conf_text();

/// The host's text with another name server in the place of its own: for a network where those are out of reach.
std::string resolv_conf_text(std::string_view nameserver);

}  // namespace sandbox
