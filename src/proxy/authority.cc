// SPDX-License-Identifier: Apache-2.0
#include "proxy/authority.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/error.h"

namespace proxy {
namespace {

/// Clocks of steps are the builder's, but programs in them may pretend to another day.
constexpr long kValidBefore = 24L * 3600;
constexpr long kValidFor = 7L * 24 * 3600;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};
struct FreeBio {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

void require(bool done, std::string_view what) {
  if (!done) base::fail(base::Code::internal, "a certificate for the build's proxy: OpenSSL cannot {}", what);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "make a key");
  return key;
}

template <typename Write>
std::string pem(const Write& write) {
  const std::unique_ptr<BIO, FreeBio> bio(::BIO_new(::BIO_s_mem()));
  require(bio && write(bio.get()) == 1, "write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return ::PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem(
      [&](BIO* bio) { return ::PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> extension(
      ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension && ::X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

/// Everything but the extensions and the signature.
Certificate blank(EVP_PKEY* key, std::string_view name) {
  Certificate certificate(::X509_new());
  require(certificate != nullptr, "make a certificate");
  X509* const raw = certificate.get();
  std::array<unsigned char, 16> serial{};
  require(::RAND_bytes(serial.data(), static_cast<int>(serial.size())) == 1, "make a serial number");
  // Positive, and without a zero in front, which DER forbids.
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);
  ASN1_STRING_set(::X509_get_serialNumber(raw), serial.data(), static_cast<int>(serial.size()));
  const bool done = ::X509_set_version(raw, X509_VERSION_3) == 1 &&
                    ::X509_gmtime_adj(X509_getm_notBefore(raw), -kValidBefore) != nullptr &&
                    ::X509_gmtime_adj(X509_getm_notAfter(raw), kValidFor) != nullptr &&
                    ::X509_set_pubkey(raw, key) == 1 &&
                    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                                                 reinterpret_cast<const unsigned char*>(name.data()),
                                                 static_cast<int>(name.size()), -1, 0) == 1;
  require(done, "fill in a certificate");
  return certificate;
}

void sign(X509* certificate, EVP_PKEY* key) {
  require(::X509_sign(certificate, key, ::EVP_sha256()) > 0, "sign a certificate");
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> room{};
  return ::inet_pton(AF_INET, host.c_str(), room.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), room.data()) == 1;
}

}  // namespace

struct Authority::Keys {
  Key own = new_key();
  Key hosts = new_key();  ///< of all certificates that it signs
  Certificate certificate;
};

Authority::Authority() : keys_(std::make_unique<Keys>()) {
  keys_->certificate = blank(keys_->own.get(), "Slipway proxy of one build");
  X509* const raw = keys_->certificate.get();
  require(::X509_set_issuer_name(raw, ::X509_get_subject_name(raw)) == 1, "name the issuer");
  add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(raw, raw, NID_key_usage, "critical,keyCertSign");
  add_extension(raw, raw, NID_subject_key_identifier, "hash");
  sign(raw, keys_->own.get());
  certificate_ = pem_of(raw);
}

Authority::~Authority() = default;

Identity Authority::identity(std::string_view host) const {
  const std::string name(host);
  // A comma would begin a further name in OpenSSL's own notation.
  if (name.empty() || name.find_first_of(",;=\r\n") != std::string::npos) {
    base::fail(base::Code::invalid_argument, "a certificate for \"{}\": no name of a host", name.substr(0, 100));
  }
  X509* const issuer = keys_->certificate.get();
  // Names may be longer than a common name can be; only the alternative name counts.
  const Certificate certificate = blank(keys_->hosts.get(), "Slipway proxy");
  X509* const raw = certificate.get();
  require(::X509_set_issuer_name(raw, ::X509_get_subject_name(issuer)) == 1, "name the issuer");
  add_extension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(raw, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(raw, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(raw, issuer, NID_authority_key_identifier, "keyid:always");
  add_extension(raw, issuer, NID_subject_alt_name, (is_address(name) ? "IP:" : "DNS:") + name);
  sign(raw, keys_->own.get());
  return {pem_of(raw), pem_of(keys_->hosts.get())};
}

}  // namespace proxy
