// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whose signatures count: keys, or whoever an authority certifies; with or without an entry in a transparency log.
//
//     attest::Trust trust = attest::Trust::in_keys(std::move(keys));
//     trust.want_log(std::move(log_keys));
//     std::string name = trust.check(signature, manifest);   // the name it was signed under; throws why not
//
// A certificate must hold now; where the log says when the signature was made, it must have held then.
// Threads: any. Failure: permission_denied, and nothing was verified.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/certificate.h"
#include "attest/signature.h"
#include "base/time.h"

namespace attest {

/// A simple signature as it lies in a registry, before anything of it is believed.
struct SimpleSignature {
  std::string payload;
  std::string signature;    ///< bytes
  std::string certificate;  ///< PEM, "" = none
  std::string chain;        ///< PEM, what stands above it
  std::string log_entry;    ///< JSON, "" = none
};

inline constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
inline constexpr std::string_view kChainAnnotation = "dev.sigstore.cosign/chain";
inline constexpr std::string_view kLogAnnotation = "dev.sigstore.cosign/bundle";

class Trust {
 public:
  static Trust in_keys(std::vector<PublicKey> keys);
  static Trust in_authority(Authority authority);
  /// From now on signatures without an entry of one of those logs do not count.
  void want_log(std::vector<PublicKey> keys) { log_keys_ = std::move(keys); }
  /// For tests.
  void set_clock(const base::Clock& clock) { clock_ = &clock; }

  std::string check(const SimpleSignature& signature, const base::Digest& manifest) const;
  void check_bundle(std::string_view bundle, const base::Digest& manifest) const;

 private:
  Trust() = default;
  /// What a signature says, once a key is at hand; and its entry in a log, about a key or (null) a certificate.
  using Verify = std::function<void(const PublicKey& key)>;
  using LookInLog = std::function<std::optional<base::Nanos>(const PublicKey* key)>;
  void check_with(const CertificateChain& chain, const LookInLog& look_in_log, const Verify& verify) const;

  std::vector<PublicKey> keys_;
  std::optional<Authority> authority_;
  std::vector<PublicKey> log_keys_;
  const base::Clock* clock_ = &base::system_clock();
};

}  // namespace attest
