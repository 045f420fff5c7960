// SPDX-License-Identifier: Apache-2.0
#include "cli/proxy_network.h"

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace cli {
namespace {

void check_certificates(const std::string& file) {
  constexpr std::size_t kMaxCertificates = 16U << 20;
  try {
    base::read_file(file, kMaxCertificates);
  } catch (const base::Error& cause) {
    base::Error error(base::Code::invalid_argument,
                      base::format("--proxy-network: SSL_CERT_FILE={}: {}", file, cause.text()));
    error.set_hint("name a file with the certificates to believe beside the system's, or unset it");
    throw error;
  }
}

}  // namespace

std::unique_ptr<ops::ProxyNetwork> make_proxy_network(const BuildOptions& options, const store::Store& store,
                                                      std::vector<std::string> policies) {
  if (!options.proxy_network) return nullptr;
  ops::ProxyNetwork::Options proxy;
  proxy.spool = store.root() + "/proxy";
  base::make_directories(proxy.spool, 0700);
  if (const char* file = std::getenv("SSL_CERT_FILE"); file && *file) {
    check_certificates(file);
    proxy.tls.ca_files.emplace_back(file);
  }
  proxy.policies = std::move(policies);
  return std::make_unique<ops::ProxyNetwork>(std::move(proxy));
}

}  // namespace cli
