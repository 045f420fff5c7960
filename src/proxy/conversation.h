// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is said on one connection of a step: requests to a proxy (RFC 9112, 3.2.2), or CONNECT and then TLS, in which
// the proxy appears as the host that was asked for. HTTP/1.0 and 1.1; whoever offers HTTP/2 is told to speak 1.1.
//
// conversation.cc is the one file that knows Boost.Beast.
#include <stop_token>

#include "proxy/exchange.h"

namespace proxy {

/// Talks with one client until either side ends it, or the stop does. `end` becomes readable together with the stop.
/// Never throws.
void converse(int client, const Desk& desk, int end, const std::stop_token& stop);

}  // namespace proxy
