// SPDX-License-Identifier: Apache-2.0
#pragma once
// --proxy-network: the recording proxy of a build (ops/proxied_step.h) as its flags and environment want it.
#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "ops/proxied_step.h"
#include "store/store.h"

namespace cli {

/// nullptr without the flag. `policies`: digests of what judges requests. Throws invalid_argument for an SSL_CERT_FILE
/// that cannot be read: now rather than with each request of the steps.
std::unique_ptr<ops::ProxyNetwork> make_proxy_network(const BuildOptions& options, const store::Store& store,
                                                      std::vector<std::string> policies);

}  // namespace cli
