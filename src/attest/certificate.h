// SPDX-License-Identifier: Apache-2.0
#pragma once
// Certificates of signers: whom an authority says a key belongs to.
//
//     attest::Authority authority{.roots = pem, .identity = "builds@example.org", .issuer =
//     "https://login.example.org"}; attest::PublicKey key = attest::certified_key({der, intermediates}, authority,
//     signed_at);   // throws why not
//
// The certificate must lead to one of the roots, be good at that time, allow code signing, and name the identity in its
// subject alternative names (mail address, URI or DNS name). `issuer` is who vouched for the identity when Fulcio wrote
// the certificate: extension 1.3.6.1.4.1.57264.1.8, or the older .1.1. Certificate transparency (SCTs) is not checked.
// Sources: RFC 5280; sigstore's Fulcio (docs/oid-info.md).
// Threads: any. Failure: permission_denied; invalid_argument for roots that are no certificates.
#include <string>
#include <string_view>
#include <vector>

#include "attest/signature.h"
#include "base/time.h"

namespace attest {

struct Authority {
  std::string roots;          ///< PEM, one or more
  std::string intermediates;  ///< PEM, beside those that come with a signature
  std::string identity;       ///< exactly; "" = whoever the roots certify
  std::string issuer;         ///< exactly; "" = not asked for
};

/// As they come with a signature, in DER: the signer's first. Nothing of it is believed yet.
using CertificateChain = std::vector<std::string>;

/// The certificates of a PEM text in DER, in order; throws invalid_argument for one that cannot be read.
CertificateChain certificates_in(std::string_view pem);

PublicKey certified_key(const CertificateChain& chain, const Authority& authority, base::Nanos time);

}  // namespace attest
