// SPDX-License-Identifier: Apache-2.0
#pragma once
// One registry as seen over the wire: its address, its TLS settings, and requests that authenticate.
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/sync.h"
#include "oci/auth.h"
#include "oci/http_client.h"
#include "oci/registry.h"

namespace oci {

/// The host that serves a domain's API: registry-1.docker.io for docker.io.
std::string api_host(std::string_view domain);

/// CA and client certificates found for a host in the certs.d directories.
TlsSettings tls_settings(const std::vector<std::string>& directories, std::string_view host);

/// Talks to all registries of a process. Which of several addresses (https, http) of a host works
/// is found out with the first request and kept. Any thread.
class RegistryHosts {
 public:
  explicit RegistryHosts(const RegistryOptions& options);

  HttpClient& client() { return client_; }
  const RegistrySettings& settings() const { return options_.settings; }
  std::uint64_t upload_piece() const { return options_.upload_piece; }
  void allow_insecure(std::string_view domain);

  /// Fills in url (from `path`, "/v2/…" or an absolute URL on the same host), TLS and Authorization,
  /// performs, answers a 401 once, and tries the next address where allowed. No retries.
  HttpResponse exchange(HttpRequest request, std::string_view path, const AuthTarget& target, BodySink* sink,
                        const std::stop_token& stop);
  /// As exchange, with retries of what is transient. Only for sinks that may be fed again.
  HttpResponse exchange_retrying(const HttpRequest& request, std::string_view path, const AuthTarget& target,
                                 BodySink* sink, const std::stop_token& stop);
  /// The absolute URL of a path at the address that works for a domain.
  std::string url(std::string_view domain, std::string_view path);

 private:
  struct Address {
    std::string base;  ///< "https://host"
    TlsSettings tls;
  };
  struct Host {
    std::vector<Address> addresses;
    std::size_t current = 0;
  };

  Host make_host(std::string_view domain);
  Address address(std::string_view domain);
  bool try_next_address(std::string_view domain, const Address& failed);
  /// The address before the failed one was right after all.
  void go_back(std::string_view domain, const Address& failed);

  RegistryOptions options_;
  std::unique_ptr<CredentialSource> anonymous_;
  HttpClient client_;
  Authorizer authorizer_;
  base::Sync<std::set<std::string, std::less<>>> insecure_;
  base::Sync<std::map<std::string, Host, std::less<>>> hosts_;
};

}  // namespace oci
