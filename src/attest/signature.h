// SPDX-License-Identifier: Apache-2.0
#pragma once
// Signatures of images with a key pair, as cosign makes and checks them, in both of its forms.
//
// *Simple signing*: a payload that names the manifest's digest, its signature in an annotation, stored as an image
// under the tag sha256-HEX.sig. *Bundle*: a sigstore bundle (v0.3) with a DSSE envelope around an in-toto statement
// about the digest, stored as a referrer of the manifest.
//
//     auto key = attest::PrivateKey::parse(pem, passphrase);
//     std::string payload = attest::simple_payload("registry/app", digest);
//     std::string signature = key.sign(payload);                       // ASN.1 DER
//     attest::check_simple(payload, signature, public_key, digest);    // throws why not
//
// Keys are PEM: PKCS#8 (also encrypted) or SEC1 for signing, SubjectPublicKeyInfo for checking; ECDSA over P-256, P-384
// or P-521 with SHA-256, RSA (PKCS#1 v1.5, SHA-256), or Ed25519. cosign's own encrypted files are made from such a PEM
// with `cosign import-key-pair`. Trust fails closed: whatever cannot be read or is not exactly right throws
// permission_denied, and only a check_… that returns has verified anything. Sources: cosign's specs/SIGNATURE_SPEC.md;
// the DSSE protocol (secure-systems-lab/dsse); sigstore bundle v0.3.
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/json.h"

namespace attest {

inline constexpr std::string_view kSimpleMediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kSimpleAnnotation = "dev.cosignproject.cosign/signature";
inline constexpr std::string_view kBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kSignPredicate = "https://sigstore.dev/cosign/sign/v1";

class PublicKey {
 public:
  /// Throws invalid_argument for what is no public key.
  static PublicKey parse(std::string_view pem);
  /// The key that a certificate (DER) is about, whatever the certificate is worth: see attest/certificate.h.
  static PublicKey of_certificate(std::string_view der);
  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  bool verifies(std::string_view message, std::string_view signature) const;
  /// Base64 of the SHA-256 of its DER form: how bundles say which key is meant.
  std::string hint() const;

 private:
  friend class PrivateKey;
  struct State;
  explicit PublicKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class PrivateKey {
 public:
  /// Throws invalid_argument for what is no private key, or another passphrase.
  static PrivateKey parse(std::string_view pem, std::string_view passphrase);
  PrivateKey(PrivateKey&&) noexcept;
  ~PrivateKey();

  std::string sign(std::string_view message) const;
  PublicKey public_key() const;

 private:
  explicit PrivateKey(std::unique_ptr<PublicKey::State> state);
  std::unique_ptr<PublicKey::State> state_;
};

/// `repository` without tag or digest.
std::string simple_payload(std::string_view repository, const base::Digest& manifest);
/// The name that the image was signed under ("docker-reference").
std::string check_simple(std::string_view payload, std::string_view signature, const PublicKey& key,
                         const base::Digest& manifest);

/// What DSSE signs: the payload with its type and lengths.
std::string dsse_message(std::string_view type, std::string_view payload);
std::string make_bundle(const base::Digest& manifest, const PrivateKey& key);
void check_bundle(std::string_view bundle, const PublicKey& key, const base::Digest& manifest);

}  // namespace attest
