// SPDX-License-Identifier: Apache-2.0
#pragma once
// A certificate authority of one build's own, for the steps that fetch through its proxy.
//
//     proxy::Authority authority;
//     trust(authority.certificate());                 // PEM, for the step
//     auto identity = authority.identity("example.org");
//
// The keys exist in this process's memory only and end with it; nothing that the authority signed is worth anything
// afterwards. Certificates are made anew for every connection: with these keys (P-256) that is cheaper than a cache.
// Formats: X.509v3 (RFC 5280). Threads: any. Failure: base::Error (internal) when OpenSSL refuses.
#include <memory>
#include <string>
#include <string_view>

namespace proxy {

/// As whom a server appears.
struct Identity {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM
};

class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// The authority's own certificate, PEM.
  const std::string& certificate() const { return certificate_; }
  /// For a host name or an address (IPv6 without brackets).
  Identity identity(std::string_view host) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string certificate_;
};

}  // namespace proxy
