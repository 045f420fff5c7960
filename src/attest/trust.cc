// SPDX-License-Identifier: Apache-2.0
#include "attest/trust.h"

#include <utility>

#include "attest/transparency.h"
#include "base/base64.h"
#include "base/error.h"

namespace attest {
namespace {

[[noreturn]] void mistrust(std::string_view why) { base::fail(base::Code::permission_denied, "not verified: {}", why); }

CertificateChain chain_of(const SimpleSignature& signature) {
  if (signature.certificate.empty()) return {};
  try {
    return certificates_in(signature.certificate + "\n" + signature.chain);
  } catch (const base::Error& error) {
    mistrust(error.text());
  }
}

/// A bundle's certificate, alone or with what stands above it.
CertificateChain chain_of(const base::Json& material) {
  CertificateChain chain;
  const auto add = [&](const base::Json& certificate) {
    auto der = base::base64_decode(certificate["rawBytes"].string_or(""));
    if (!der || der->empty()) mistrust("the bundle's certificate cannot be read");
    chain.push_back(std::move(*der));
  };
  if (material.contains("certificate")) add(material["certificate"]);
  for (const auto& certificate : material["x509CertificateChain"]["certificates"].items()) add(certificate);
  return chain;
}

/// The first entry that holds; otherwise why the first one does not.
std::optional<base::Nanos> check_entries(const base::Json& material, const std::vector<PublicKey>& log_keys,
                                         const LogEntry::Subject& subject) {
  const auto& entries = material["tlogEntries"].items();
  if (entries.empty()) mistrust("there is no entry of a transparency log");
  std::optional<base::Error> first;
  for (const auto& entry : entries) {
    try {
      return LogEntry::of_bundle(entry).check(log_keys, subject);
    } catch (const base::Error& error) {
      if (!first) first = error;
    }
  }
  throw *first;
}

}  // namespace

Trust Trust::in_keys(std::vector<PublicKey> keys) {
  Trust trust;
  trust.keys_ = std::move(keys);
  return trust;
}

Trust Trust::in_authority(Authority authority) {
  Trust trust;
  trust.authority_ = std::move(authority);
  return trust;
}

void Trust::check_with(const CertificateChain& chain, const LookInLog& look_in_log, const Verify& verify) const {
  const bool logged = !log_keys_.empty();
  if (authority_) {
    if (chain.empty()) mistrust("the signature comes with no certificate");
    // The log comes first: it says when the certificate had to be good.
    const auto signed_at = logged ? look_in_log(nullptr) : std::nullopt;
    verify(certified_key(chain, *authority_, signed_at.value_or(clock_->now())));
    return;
  }
  std::optional<base::Error> first;
  for (const auto& key : keys_) {
    try {
      verify(key);
      if (logged) look_in_log(&key);
      return;
    } catch (const base::Error& error) {
      if (!first) first = error;
    }
  }
  if (!first) mistrust("no key is trusted");
  throw *first;
}

std::string Trust::check(const SimpleSignature& signature, const base::Digest& manifest) const {
  const CertificateChain chain = chain_of(signature);
  const auto look_in_log = [&](const PublicKey* key) {
    if (signature.log_entry.empty()) mistrust("there is no entry of a transparency log");
    return LogEntry::of_annotation(signature.log_entry)
        .check(log_keys_, {.payload = signature.payload,
                           .signature = signature.signature,
                           .signer = key == nullptr ? std::string_view(chain.front()) : std::string_view(),
                           .key = key});
  };
  std::string name;
  check_with(chain, look_in_log,
             [&](const PublicKey& key) { name = check_simple(signature.payload, signature.signature, key, manifest); });
  return name;
}

void Trust::check_bundle(std::string_view text, const base::Digest& manifest) const {
  base::Json bundle;
  try {
    bundle = base::Json::parse(text);
  } catch (const base::Error&) {
    mistrust("the bundle is no JSON");
  }
  const base::Json& material = bundle["verificationMaterial"];
  const base::Json& envelope = bundle["dsseEnvelope"];
  const CertificateChain chain = chain_of(material);
  const auto payload = base::base64_decode(envelope["payload"].string_or(""));
  // A bundle has exactly one signature; more of them would let the log's entry be about another than the one that
  // counts.
  const auto& signatures = envelope["signatures"].items();
  const auto signature =
      signatures.size() == 1 ? base::base64_decode(signatures[0]["sig"].string_or("")) : std::nullopt;
  if (!payload || !signature) mistrust("the bundle has no envelope with one signature");
  const auto look_in_log = [&](const PublicKey* key) {
    return check_entries(material, log_keys_,
                         {.payload = *payload,
                          .signature = *signature,
                          .signer = key == nullptr ? std::string_view(chain.front()) : std::string_view(),
                          .key = key});
  };
  check_with(chain, look_in_log, [&](const PublicKey& key) { attest::check_bundle(text, key, manifest); });
}

}  // namespace attest
