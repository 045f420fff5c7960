// SPDX-License-Identifier: Apache-2.0
#include "attest/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

#include "attest/transparency.h"
#include "base/base64.h"
#include "base/error.h"

namespace attest {
namespace {

using ::testing::HasSubstr;

constexpr base::Nanos kMadeAt = 1'750'000'000 * base::kSecond;
constexpr base::Nanos kTenMinutes = 600 * base::kSecond;
constexpr const char* kIssuer = "https://login.example.org";
constexpr const char* kSigner = "builds@example.org";
const base::Digest kImage = base::sha256("image");

class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(base::Nanos now) : now_(now) {}
  base::Nanos now() const override { return now_; }

 private:
  base::Nanos now_;
};
const FixedClock kSoon(kMadeAt + 1);
const FixedClock kYearsLater(kMadeAt * 2);

std::string written(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

/// A key pair in all the forms that are asked for.
struct Pair {
  Pair() : pkey(EVP_EC_gen("P-256")) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { EVP_PKEY_free(pkey); }
  PrivateKey secret() const {
    return PrivateKey::parse(
        written([&](BIO* bio) { PEM_write_bio_PKCS8PrivateKey(bio, pkey, nullptr, nullptr, 0, nullptr, nullptr); }),
        "");
  }
  std::string open_pem() const {
    return written([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, pkey); });
  }
  PublicKey open() const { return PublicKey::parse(open_pem()); }
  EVP_PKEY* pkey;
};

std::vector<PublicKey> only(const Pair& pair) {
  std::vector<PublicKey> keys;
  keys.push_back(pair.open());
  return keys;
}

struct Wish {
  std::string san = std::string("email:") + kSigner;  ///< "" = an authority
  std::string usage = "codeSigning";
  std::string issuer = kIssuer;
};

/// A certificate for ten minutes, signed by `by`, whose name is "CN=by_name".
std::string certificate(const Pair& pair, const char* name, const Pair& by, const char* by_name, const Wish& wish) {
  X509* made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
  ASN1_TIME_set(X509_getm_notBefore(made), kMadeAt / base::kSecond - 1);
  ASN1_TIME_set(X509_getm_notAfter(made), (kMadeAt + kTenMinutes) / base::kSecond);
  const auto set_name = [](X509_NAME* target, const char* text) {
    X509_NAME_add_entry_by_txt(target, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  };
  set_name(X509_get_subject_name(made), name);
  set_name(X509_get_issuer_name(made), by_name);
  X509_set_pubkey(made, pair.pkey);
  const auto extend = [&](const char* oid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, nullptr, oid, value.c_str());
    ASSERT_NE(extension, nullptr) << oid << " " << value;
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (wish.san.empty()) {
    extend("basicConstraints", "critical,CA:TRUE");
    extend("keyUsage", "critical,keyCertSign");
  } else {
    extend("subjectAltName", wish.san);
    if (!wish.usage.empty()) extend("extendedKeyUsage", wish.usage);
    if (!wish.issuer.empty()) extend("1.3.6.1.4.1.57264.1.8", "ASN1:UTF8String:" + wish.issuer);
  }
  X509_sign(made, by.pkey, EVP_sha256());
  std::string pem = written([&](BIO* bio) { PEM_write_bio_X509(bio, made); });
  X509_free(made);
  return pem;
}

/// An authority, one below it, and a signer.
struct Hierarchy {
  Pair root_key, middle_key, signer_key;
  std::string root = certificate(root_key, "root", root_key, "root", {.san = ""});
  std::string middle = certificate(middle_key, "middle", root_key, "root", {.san = ""});
  std::string signer(const Wish& wish = {}) const { return certificate(signer_key, "", middle_key, "middle", wish); }
  Authority authority() const { return {.roots = root, .intermediates = "", .identity = kSigner, .issuer = kIssuer}; }
  SimpleSignature sign(const std::string& certificate, const base::Digest& image = kImage) const {
    const std::string payload = simple_payload("registry.example/app", image);
    return {.payload = payload,
            .signature = signer_key.secret().sign(payload),
            .certificate = certificate,
            .chain = middle,
            .log_entry = ""};
  }
};

template <typename Check>
std::string failure(Check&& check) {
  try {
    check();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::permission_denied);
    return error.text();
  }
  return "";
}

std::string failure(const Trust& trust, const SimpleSignature& signature) {
  return failure([&] { trust.check(signature, kImage); });
}

Trust trusting(const Authority& authority, const base::Clock& clock = kSoon) {
  Trust trust = Trust::in_authority(authority);
  trust.set_clock(clock);
  return trust;
}

TEST(CertificateTrust, HoldsForTheSignerTheAuthorityNames) {
  const Hierarchy world;
  EXPECT_EQ(trusting(world.authority()).check(world.sign(world.signer()), kImage), "registry.example/app");
  for (const std::string san : {"URI:https://ci.example.org/job/1", "DNS:builder.example.org"}) {
    Authority authority = world.authority();
    authority.identity = san.substr(4);
    EXPECT_EQ(failure(trusting(authority), world.sign(world.signer({.san = san}))), "");
  }
}

TEST(CertificateTrust, SaysWhoSignedInstead) {
  const Hierarchy world;
  const Trust trust = trusting(world.authority());
  EXPECT_THAT(failure(trust, world.sign(world.signer({.san = "email:other@example.org"}))),
              HasSubstr("the signer is other@example.org, not builds@example.org"));
  EXPECT_THAT(failure(trust, world.sign(world.signer({.issuer = "https://evil.example.org"}))),
              HasSubstr("vouched for by https://evil.example.org"));
  EXPECT_THAT(failure(trust, world.sign(world.signer({.issuer = ""}))), HasSubstr("vouched for by nobody"));
  EXPECT_THAT(failure(trust, world.sign(world.signer({.usage = "serverAuth"}))), HasSubstr("none for signing code"));
  EXPECT_THAT(failure(trust, world.sign(world.signer({.usage = ""}))), HasSubstr("none for signing code"));
}

TEST(CertificateTrust, FallsWithTheChain) {
  const Hierarchy world;
  const Hierarchy stranger;
  EXPECT_THAT(failure(trusting(stranger.authority()), world.sign(world.signer())), HasSubstr("does not hold"));
  EXPECT_THAT(failure(trusting(world.authority(), kYearsLater), world.sign(world.signer())), HasSubstr("expired"));
  SimpleSignature alone = world.sign(world.signer());
  alone.chain.clear();
  EXPECT_THAT(failure(trusting(world.authority()), alone), HasSubstr("does not hold"));
  Authority with_middle = world.authority();
  with_middle.intermediates = world.middle;
  EXPECT_EQ(failure(trusting(with_middle), alone), "");
}

TEST(CertificateTrust, ASignerIsNoAuthority) {
  const Hierarchy world;
  const Pair thief;
  const std::string forged = certificate(thief, "", world.signer_key, "", {});
  SimpleSignature signature = world.sign(forged);
  signature.signature = thief.secret().sign(signature.payload);
  signature.chain = world.signer() + world.middle;
  EXPECT_THAT(failure(trusting(world.authority()), signature), HasSubstr("does not hold"));
}

TEST(CertificateTrust, NothingUnsignedOrChangedCounts) {
  const Hierarchy world;
  const Trust trust = trusting(world.authority());
  SimpleSignature signature = world.sign(world.signer());
  EXPECT_THAT(failure([&] { trust.check(signature, base::sha256("other")); }), HasSubstr("another image"));
  signature.payload[10] ^= 1;
  EXPECT_THAT(failure(trust, signature), HasSubstr("not one of this key"));
  EXPECT_THAT(failure(trust, world.sign("")), HasSubstr("no certificate"));
  EXPECT_THAT(failure(trust, world.sign("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
              HasSubstr("cannot be read"));
  // The certificate of another key.
  const Hierarchy other;
  SimpleSignature borrowed = other.sign(world.signer());
  borrowed.chain = world.middle;
  EXPECT_THAT(failure(trust, borrowed), HasSubstr("not one of this key"));
}

// ---- the log ----

std::string pem_or_certificate(const SimpleSignature& signature, const Pair& key) {
  return signature.certificate.empty() ? key.open_pem() : signature.certificate;
}

std::string record(const SimpleSignature& signature, const std::string& signer_pem) {
  base::Json spec = base::Json::object();
  spec.set(
      "data",
      base::Json::object().set(
          "hash", base::Json::object().set("algorithm", "sha256").set("value", base::sha256(signature.payload).hex())));
  spec.set("signature", base::Json::object()
                            .set("content", base::base64_encode(signature.signature))
                            .set("publicKey", base::Json::object().set("content", base::base64_encode(signer_pem))));
  return base::Json::object()
      .set("apiVersion", "0.0.1")
      .set("kind", "hashedrekord")
      .set("spec", std::move(spec))
      .dump();
}

std::string promised(const std::string& body, const Pair& log, base::Nanos time) {
  base::Json payload = base::Json::object();
  payload.set("body", base::base64_encode(body)).set("integratedTime", time / base::kSecond);
  payload.set("logID", "abcd").set("logIndex", 5);
  const std::string promise = log.secret().sign(payload.dump());
  return base::Json::object()
      .set("SignedEntryTimestamp", base::base64_encode(promise))
      .set("Payload", std::move(payload))
      .dump();
}

TEST(LogTrust, SaysThatAShortLivedCertificateHeldWhenItSigned) {
  const Hierarchy world;
  const Pair log;
  Trust trust = trusting(world.authority(), kYearsLater);
  trust.want_log(only(log));
  SimpleSignature signature = world.sign(world.signer());
  EXPECT_THAT(failure(trust, signature), HasSubstr("no entry of a transparency log"));
  const std::string body = record(signature, signature.certificate);
  signature.log_entry = promised(body, log, kMadeAt + base::kSecond);
  EXPECT_EQ(failure(trust, signature), "");
  signature.log_entry = promised(body, log, kMadeAt + 2 * kTenMinutes);
  EXPECT_THAT(failure(trust, signature), HasSubstr("expired"));
  const Pair stranger;
  signature.log_entry = promised(body, stranger, kMadeAt + base::kSecond);
  EXPECT_THAT(failure(trust, signature), HasSubstr("signed by no log that is trusted"));
}

TEST(LogTrust, AnEntryIsAboutOneSignatureAndItsSigner) {
  const Hierarchy world;
  const Pair log;
  Trust trust = trusting(world.authority(), kYearsLater);
  trust.want_log(only(log));
  SimpleSignature signature = world.sign(world.signer());
  const auto logged = [&](const SimpleSignature& about, const std::string& signer) {
    signature.log_entry = promised(record(about, signer), log, kMadeAt + base::kSecond);
    return failure(trust, signature);
  };
  EXPECT_EQ(logged(signature, signature.certificate), "");
  EXPECT_THAT(logged(signature, world.signer({.issuer = "x"})), HasSubstr("about another signature"));
  SimpleSignature again = world.sign(world.signer());  // ECDSA signs differently each time
  EXPECT_THAT(logged(again, signature.certificate), HasSubstr("about another signature"));
  EXPECT_THAT(logged(world.sign(world.signer(), base::sha256("x")), signature.certificate),
              HasSubstr("about another signature"));
  signature.log_entry = promised(R"({"kind":"rpm","apiVersion":"0.0.1"})", log, kMadeAt);
  EXPECT_THAT(failure(trust, signature), HasSubstr("kind \"rpm 0.0.1\""));
  signature.log_entry = "{";
  EXPECT_THAT(failure(trust, signature), HasSubstr("no JSON"));
}

TEST(LogTrust, IsAskedForBesideAKeyToo) {
  const Pair key;
  const Pair other;
  const Pair log;
  const std::string payload = simple_payload("r", kImage);
  SimpleSignature signature{payload, key.secret().sign(payload), "", "", ""};
  std::vector<PublicKey> two = only(other);
  two.push_back(key.open());
  Trust trust = Trust::in_keys(std::move(two));
  EXPECT_EQ(failure(trust, signature), "");
  trust.want_log(only(log));
  EXPECT_NE(failure(trust, signature), "");
  signature.log_entry = promised(record(signature, pem_or_certificate(signature, key)), log, kMadeAt);
  EXPECT_EQ(failure(trust, signature), "");
  signature.log_entry = promised(record(signature, other.open_pem()), log, kMadeAt);
  EXPECT_NE(failure(trust, signature), "");
}

/// A tree of leaves, its root, and the way to one of them (RFC 6962, written as its text has it).
struct Tree {
  explicit Tree(std::vector<std::string> all) : leaves(std::move(all)) {}
  static std::string raw(const base::Digest& digest) { return {digest.bytes().begin(), digest.bytes().end()}; }
  std::string hash(std::size_t from, std::size_t to) const {
    if (to - from == 1) return raw(base::sha256(std::string(1, '\0') + leaves[from]));
    const std::size_t half = split(to - from);
    return raw(base::sha256("\x01" + hash(from, from + half) + hash(from + half, to)));
  }
  std::vector<std::string> path(std::size_t leaf, std::size_t from, std::size_t to) const {
    if (to - from == 1) return {};
    const std::size_t middle = from + split(to - from);
    auto rest = leaf < middle ? path(leaf, from, middle) : path(leaf, middle, to);
    rest.push_back(leaf < middle ? hash(middle, to) : hash(from, middle));
    return rest;
  }
  static std::size_t split(std::size_t count) {
    std::size_t half = 1;
    while (half * 2 < count) half *= 2;
    return half;
  }
  std::vector<std::string> leaves;
};

std::string checkpoint(const Tree& tree, const Pair& log) {
  const std::string text = base::format("log.example - 1\n{}\n{}\n", tree.leaves.size(),
                                        base::base64_encode(tree.hash(0, tree.leaves.size())));
  return text + "\n\u2014 log.example " + base::base64_encode("hint" + log.secret().sign(text)) + "\n";
}

base::Json proof_entry(const Tree& tree, std::size_t leaf, const Pair& log) {
  base::Json hashes = base::Json::array();
  for (const auto& hash : tree.path(leaf, 0, tree.leaves.size())) hashes.push(base::base64_encode(hash));
  base::Json proof = base::Json::object();
  proof.set("logIndex", std::to_string(leaf)).set("treeSize", std::to_string(tree.leaves.size()));
  proof.set("rootHash", base::base64_encode(tree.hash(0, tree.leaves.size()))).set("hashes", std::move(hashes));
  proof.set("checkpoint", base::Json::object().set("envelope", checkpoint(tree, log)));
  return base::Json::object()
      .set("logIndex", std::to_string(leaf))
      .set("canonicalizedBody", base::base64_encode(tree.leaves[leaf]))
      .set("inclusionProof", std::move(proof));
}

TEST(LogTrust, FollowsProofsThroughTreesOfEverySize) {
  const Pair key;
  const Pair log;
  const std::string payload = simple_payload("r", kImage);
  const SimpleSignature signature{payload, key.secret().sign(payload), "", "", ""};
  const PublicKey open = key.open();
  const LogEntry::Subject subject{signature.payload, signature.signature, "", &open};
  const std::string body = record(signature, key.open_pem());
  for (std::size_t size = 1; size <= 9; ++size) {
    for (std::size_t leaf = 0; leaf < size; ++leaf) {
      std::vector<std::string> leaves;
      for (std::size_t i = 0; i < size; ++i) leaves.push_back(i == leaf ? body : std::to_string(i));
      const Tree tree(leaves);
      const base::Json entry = proof_entry(tree, leaf, log);
      EXPECT_FALSE(LogEntry::of_bundle(entry).check(only(log), subject).has_value()) << "a proof has no time";
      // As if the entry stood elsewhere, or the tree were another one.
      base::Json moved = entry;
      moved.set("inclusionProof",
                base::Json(entry["inclusionProof"]).set("logIndex", std::to_string((leaf + 1) % (size + 1))));
      if (size > 1) {
        EXPECT_NE(failure([&] { LogEntry::of_bundle(moved).check(only(log), subject); }), "");
      }
      leaves[leaf] += " ";
      const base::Json forged = proof_entry(Tree(leaves), leaf, key);  // signed by no log
      EXPECT_NE(failure([&] { LogEntry::of_bundle(forged).check(only(log), subject); }), "");
      base::Json swapped = entry;
      swapped.set("canonicalizedBody", base::base64_encode(leaves[leaf]));
      EXPECT_THAT(failure([&] { LogEntry::of_bundle(swapped).check(only(log), subject); }),
                  HasSubstr("does not lead to the log's root"));
    }
  }
}

// ---- bundles ----

std::string bundle_of(const Hierarchy& world, const std::string& certificate_pem, const Pair* log, base::Nanos time) {
  base::Json bundle = base::Json::parse(make_bundle(kImage, world.signer_key.secret()));
  base::Json material = base::Json::object();
  material.set("certificate",
               base::Json::object().set("rawBytes", base::base64_encode(certificates_in(certificate_pem).front())));
  if (log != nullptr) {
    const base::Json& envelope = bundle["dsseEnvelope"];
    const std::string payload = *base::base64_decode(envelope["payload"].as_string());
    base::Json spec = base::Json::object();
    spec.set("payloadHash", base::Json::object().set("algorithm", "sha256").set("value", base::sha256(payload).hex()));
    spec.set("signatures", base::Json::array().push(base::Json::object()
                                                        .set("signature", envelope["signatures"].items()[0]["sig"])
                                                        .set("verifier", base::base64_encode(certificate_pem))));
    const std::string body =
        base::Json::object().set("apiVersion", "0.0.1").set("kind", "dsse").set("spec", std::move(spec)).dump();
    base::Json promise = base::Json::object();
    promise.set("body", base::base64_encode(body)).set("integratedTime", time / base::kSecond);
    promise.set("logID", "abcd").set("logIndex", 5);
    base::Json entry = base::Json::object();
    entry.set("logIndex", "5").set("integratedTime", std::to_string(time / base::kSecond));
    entry.set("logId", base::Json::object().set("keyId", base::base64_encode("\xab\xcd")));
    entry.set("inclusionPromise", base::Json::object().set("signedEntryTimestamp",
                                                           base::base64_encode(log->secret().sign(promise.dump()))));
    entry.set("canonicalizedBody", base::base64_encode(body));
    material.set("tlogEntries", base::Json::array().push(std::move(entry)));
  }
  return bundle.set("verificationMaterial", std::move(material)).dump();
}

TEST(BundleTrust, TakesCertificatesAndTheLog) {
  const Hierarchy world;
  const Pair log;
  Authority authority = world.authority();
  authority.intermediates = world.middle;
  Trust trust = trusting(authority);
  const auto check = [&](const std::string& bundle) { return failure([&] { trust.check_bundle(bundle, kImage); }); };
  EXPECT_EQ(check(bundle_of(world, world.signer(), nullptr, 0)), "");
  EXPECT_THAT(check(bundle_of(world, world.signer({.san = "email:x@y"}), nullptr, 0)), HasSubstr("the signer is x@y"));
  EXPECT_THAT(check(make_bundle(kImage, world.signer_key.secret())), HasSubstr("no certificate"));
  trust.set_clock(kYearsLater);
  EXPECT_THAT(check(bundle_of(world, world.signer(), nullptr, 0)), HasSubstr("expired"));
  trust.want_log(only(log));
  EXPECT_THAT(check(bundle_of(world, world.signer(), nullptr, 0)), HasSubstr("no entry"));
  EXPECT_EQ(check(bundle_of(world, world.signer(), &log, kMadeAt)), "");
  const Pair stranger;
  EXPECT_THAT(check(bundle_of(world, world.signer(), &stranger, kMadeAt)), HasSubstr("no log that is trusted"));
  EXPECT_THAT(check("{}"), HasSubstr("no envelope"));
}

}  // namespace
}  // namespace attest
