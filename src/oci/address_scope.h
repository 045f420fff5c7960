// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which network addresses lead back to this machine.
#include <sys/socket.h>

#include <string>

namespace oci {

/// The address as text when it is one by which a machine reaches itself, its own links or nobody in particular:
/// loopback, unspecified, link-local (where clouds keep their metadata services, and the other addresses where the
/// larger ones do), site-local, multicast, reserved, also written as an IPv6 address with an IPv4 one inside; "" for
/// all others. Families but IPv4 and IPv6 are never others. Sources: IANA's special-purpose address registries (RFC
/// 6890).
std::string inner_address(const sockaddr* address, socklen_t size);

}  // namespace oci
