// SPDX-License-Identifier: Apache-2.0
#include "attest/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, ::X509_free); }
void free_names(GENERAL_NAMES* names) { ::GENERAL_NAMES_free(names); }

using Certificate = std::unique_ptr<X509, Deleter<::X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>>;
using CertificateStore = std::unique_ptr<X509_STORE, Deleter<::X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<::X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<free_names>>;
using PemReader = std::unique_ptr<BIO, Deleter<::BIO_free>>;
using ObjectName = std::unique_ptr<ASN1_OBJECT, Deleter<::ASN1_OBJECT_free>>;

[[noreturn]] void distrust(std::string_view why) { base::fail(base::Code::permission_denied, "not verified: {}", why); }

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(::ASN1_STRING_length(string))};
}

Certificate from_der(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = bytes + der.size();
  Certificate certificate(::d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!certificate || bytes != end) distrust("the signature's certificate cannot be read");
  return certificate;
}

Certificates stack_of(const CertificateChain& ders) {
  Certificates stack(sk_X509_new_null());
  for (const auto& der : ders) sk_X509_push(stack.get(), from_der(der).release());
  return stack;
}

std::vector<std::string> identities(X509* certificate) {
  const Names names(
      static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* value = ::GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    if (kind == GEN_EMAIL || kind == GEN_URI || kind == GEN_DNS) {
      found.push_back(text_of(static_cast<const ASN1_STRING*>(value)));
    }
  }
  return found;
}

/// The bytes of an extension; "" when the certificate has none.
std::string extension(X509* certificate, const char* oid) {
  const ObjectName name(::OBJ_txt2obj(oid, 1));
  const int at = ::X509_get_ext_by_OBJ(certificate, name.get(), -1);
  return at < 0 ? "" : text_of(::X509_EXTENSION_get_data(::X509_get_ext(certificate, at)));
}

std::string issuer_of(X509* certificate) {
  const std::string der = extension(certificate, "1.3.6.1.4.1.57264.1.8");
  if (der.empty()) return extension(certificate, "1.3.6.1.4.1.57264.1.1");
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  ASN1_UTF8STRING* string = ::d2i_ASN1_UTF8STRING(nullptr, &bytes, static_cast<long>(der.size()));
  if (string == nullptr) distrust("the certificate's issuer of identities cannot be read");
  std::string text = text_of(string);
  ::ASN1_UTF8STRING_free(string);
  return text;
}

void check_chain(X509* certificate, STACK_OF(X509) * untrusted, const Authority& authority, base::Nanos time) {
  const CertificateStore store(::X509_STORE_new());
  const Certificates roots = stack_of(certificates_in(authority.roots));
  for (int i = 0; i < sk_X509_num(roots.get()); ++i) ::X509_STORE_add_cert(store.get(), sk_X509_value(roots.get(), i));
  const StoreContext context(::X509_STORE_CTX_new());
  ::X509_STORE_CTX_init(context.get(), store.get(), certificate, untrusted);
  ::X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(time / base::kSecond));
  // What is trusted is what was given, be it a root or a certificate below one.
  ::X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  // What the key may be used for is looked at below: OpenSSL has no purpose for code signing before 3.2.
  ::X509_VERIFY_PARAM_set_purpose(::X509_STORE_CTX_get0_param(context.get()), X509_PURPOSE_ANY);
  if (::X509_verify_cert(context.get()) != 1) {
    distrust(base::format("the signer's certificate does not hold at {}: {}", base::format_rfc3339(time),
                          ::X509_verify_cert_error_string(::X509_STORE_CTX_get_error(context.get()))));
  }
}

}  // namespace

CertificateChain certificates_in(std::string_view pem) {
  CertificateChain chain;
  const PemReader bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (const Certificate certificate{::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    unsigned char* der = nullptr;
    const int size = ::i2d_X509(certificate.get(), &der);
    SLIP_CHECK(size > 0);
    chain.emplace_back(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    ::OPENSSL_free(der);
  }
  const bool at_end = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ::ERR_clear_error();
  if (!at_end) base::fail(base::Code::invalid_argument, "a certificate in PEM form cannot be read");
  return chain;
}

PublicKey certified_key(const CertificateChain& chain, const Authority& authority, base::Nanos time) {
  if (chain.empty()) distrust("the signature comes with no certificate");
  const Certificate certificate = from_der(chain.front());
  Certificates untrusted = stack_of({chain.begin() + 1, chain.end()});
  for (const auto& der : certificates_in(authority.intermediates)) {
    sk_X509_push(untrusted.get(), from_der(der).release());
  }
  check_chain(certificate.get(), untrusted.get(), authority, time);
  if ((::X509_get_extended_key_usage(certificate.get()) & XKU_CODE_SIGN) == 0 ||
      (::X509_get_extension_flags(certificate.get()) & EXFLAG_XKUSAGE) == 0) {
    distrust("the signer's certificate is none for signing code");
  }
  const auto names = identities(certificate.get());
  if (!authority.identity.empty() && std::find(names.begin(), names.end(), authority.identity) == names.end()) {
    distrust(base::format("the signer is {}, not {}", names.empty() ? "nobody by name" : base::join(names, ", "),
                          authority.identity));
  }
  if (const std::string issuer = issuer_of(certificate.get());
      !authority.issuer.empty() && issuer != authority.issuer) {
    distrust(base::format("the signer's identity is vouched for by {}, not by {}", issuer.empty() ? "nobody" : issuer,
                          authority.issuer));
  }
  return PublicKey::of_certificate(chain.front());
}

}  // namespace attest
