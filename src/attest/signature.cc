// SPDX-License-Identifier: Apache-2.0
#include "attest/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "attest/statement.h"
#include "base/base64.h"
#include "base/error.h"

namespace attest {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Bio reader(std::string_view text) { return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// Never asks on the terminal.
int give_passphrase(char* buffer, int size, int, void* user) {
  const auto* passphrase = static_cast<const std::string_view*>(user);
  const auto length = static_cast<int>(passphrase->size());
  if (length > size) return -1;
  passphrase->copy(buffer, passphrase->size());
  return length;
}

[[noreturn]] void refuse(std::string_view why) { base::fail(base::Code::permission_denied, "not verified: {}", why); }

/// Ed25519 hashes by itself.
const EVP_MD* digest_of(EVP_PKEY* key) {
  return ::EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : ::EVP_sha256();
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

base::Json parse_or_refuse(std::string_view text, std::string_view what) {
  try {
    return base::Json::parse(text);
  } catch (const base::Error&) {
    refuse(base::format("the {} is no JSON", what));
  }
}

/// Exactly one subject, and it is this manifest: a statement about others says nothing of it.
void check_statement(std::string_view text, const base::Digest& manifest) {
  const base::Json statement = parse_or_refuse(text, "statement");
  if (statement["_type"].string_or("") != kStatementType) refuse("the statement has an unknown type");
  if (statement["predicateType"].string_or("") != kSignPredicate) refuse("the statement is no signature of an image");
  const auto& subjects = statement["subject"].items();
  if (subjects.size() != 1 || subjects[0]["digest"]["sha256"].string_or("") != manifest.hex()) {
    refuse("the signature is one of another image");
  }
}

}  // namespace

struct PublicKey::State {
  explicit State(EVP_PKEY* key) : pkey(key) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::EVP_PKEY_free(pkey); }
  EVP_PKEY* pkey;
};

PublicKey::PublicKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;
PrivateKey::PrivateKey(std::unique_ptr<PublicKey::State> state) : state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PublicKey PublicKey::parse(std::string_view pem) {
  const Bio bio = reader(pem);
  EVP_PKEY* key = ::PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) base::fail(base::Code::invalid_argument, "this is no public key in PEM form");
  return PublicKey(std::make_unique<State>(key));
}

PublicKey PublicKey::of_certificate(std::string_view der) {
  const unsigned char* bytes = bytes_of(der);
  X509* certificate = ::d2i_X509(nullptr, &bytes, static_cast<long>(der.size()));
  EVP_PKEY* key = certificate == nullptr ? nullptr : ::X509_get_pubkey(certificate);
  ::X509_free(certificate);
  if (key == nullptr) base::fail(base::Code::invalid_argument, "the certificate has no key that can be read");
  return PublicKey(std::make_unique<State>(key));
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const Context context(::EVP_MD_CTX_new());
  if (::EVP_DigestVerifyInit(context.get(), nullptr, digest_of(state_->pkey), nullptr, state_->pkey) != 1) return false;
  return ::EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) ==
         1;
}

std::string PublicKey::hint() const {
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(state_->pkey, &der);
  SLIP_CHECK(size > 0);
  const auto digest = base::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  ::OPENSSL_free(der);
  return base::base64_encode({reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()});
}

PrivateKey PrivateKey::parse(std::string_view pem, std::string_view passphrase) {
  if (pem.find("ENCRYPTED SIGSTORE") != pem.npos || pem.find("ENCRYPTED COSIGN") != pem.npos) {
    base::Error error(base::Code::invalid_argument,
                      "this key is in cosign's own encrypted form, which is not read here");
    error.set_hint("keep the key as PEM (openssl pkcs8), and make cosign's form of it with cosign import-key-pair");
    throw error;
  }
  const Bio bio = reader(pem);
  EVP_PKEY* key = ::PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase);
  if (key == nullptr) {
    base::Error error(base::Code::invalid_argument, "this is no private key in PEM form, or it has another passphrase");
    error.set_hint("a passphrase is taken from SLIPWAY_KEY_PASSPHRASE");
    throw error;
  }
  return PrivateKey(std::make_unique<PublicKey::State>(key));
}

std::string PrivateKey::sign(std::string_view message) const {
  const Context context(::EVP_MD_CTX_new());
  std::size_t size = 0;
  const bool ready =
      ::EVP_DigestSignInit(context.get(), nullptr, digest_of(state_->pkey), nullptr, state_->pkey) == 1 &&
      ::EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1;
  std::string signature(size, '\0');
  if (!ready || ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                 bytes_of(message), message.size()) != 1) {
    base::fail(base::Code::internal, "sign with this key: the kind of key cannot sign");
  }
  signature.resize(size);
  return signature;
}

PublicKey PrivateKey::public_key() const {
  ::EVP_PKEY_up_ref(state_->pkey);
  return PublicKey(std::make_unique<PublicKey::State>(state_->pkey));
}

std::string simple_payload(std::string_view repository, const base::Digest& manifest) {
  base::Json critical = base::Json::object();
  critical.set("identity", base::Json::object().set("docker-reference", repository));
  critical.set("image", base::Json::object().set("docker-manifest-digest", manifest.str()));
  critical.set("type", "cosign container image signature");
  return base::Json::object().set("critical", std::move(critical)).set("optional", base::Json()).dump();
}

std::string check_simple(std::string_view payload, std::string_view signature, const PublicKey& key,
                         const base::Digest& manifest) {
  if (!key.verifies(payload, signature)) refuse("the signature is not one of this key");
  const base::Json json = parse_or_refuse(payload, "payload");
  const auto& critical = json["critical"];
  if (critical["type"].string_or("") != "cosign container image signature") refuse("the payload has an unknown type");
  if (critical["image"]["docker-manifest-digest"].string_or("") != manifest.str()) {
    refuse("the signature is one of another image");
  }
  return critical["identity"]["docker-reference"].string_or("");
}

std::string dsse_message(std::string_view type, std::string_view payload) {
  return base::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

std::string make_bundle(const base::Digest& manifest, const PrivateKey& key) {
  base::Json subject = base::Json::object();
  subject.set("digest", base::Json::object().set("sha256", manifest.hex())).set("annotations", base::Json::object());
  base::Json statement = base::Json::object();
  statement.set("_type", kStatementType).set("subject", base::Json::array().push(std::move(subject)));
  statement.set("predicateType", kSignPredicate).set("predicate", base::Json::object());
  const std::string payload = statement.dump();
  const std::string signature = key.sign(dsse_message(kStatementMediaType, payload));
  base::Json envelope = base::Json::object();
  envelope.set("payload", base::base64_encode(payload)).set("payloadType", kStatementMediaType);
  envelope.set("signatures", base::Json::array().push(base::Json::object().set("sig", base::base64_encode(signature))));
  base::Json material = base::Json::object();
  material.set("publicKey", base::Json::object().set("hint", key.public_key().hint()));
  base::Json bundle = base::Json::object();
  bundle.set("mediaType", kBundleMediaType).set("verificationMaterial", std::move(material));
  return bundle.set("dsseEnvelope", std::move(envelope)).dump();
}

void check_bundle(std::string_view text, const PublicKey& key, const base::Digest& manifest) {
  const base::Json bundle = parse_or_refuse(text, "bundle");
  const auto& envelope = bundle["dsseEnvelope"];
  const auto payload = base::base64_decode(envelope["payload"].string_or(""));
  const std::string type = envelope["payloadType"].string_or("");
  if (!payload || payload->empty()) refuse("the bundle has no envelope");
  if (type != kStatementMediaType) refuse("the envelope holds no statement");
  bool verified = false;
  for (const auto& entry : envelope["signatures"].items()) {
    const auto signature = base::base64_decode(entry["sig"].string_or(""));
    verified = verified || (signature && key.verifies(dsse_message(type, *payload), *signature));
  }
  if (!verified) refuse("the signature is not one of this key");
  check_statement(*payload, manifest);
}

}  // namespace attest
