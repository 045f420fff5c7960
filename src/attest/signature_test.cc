// SPDX-License-Identifier: Apache-2.0
#include "attest/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/strings.h"

namespace attest {
namespace {

struct Pair {
  std::string secret, open;
};

Pair make_pair(const char* kind) {
  EVP_PKEY* key = std::string_view(kind) == "P-256" ? EVP_EC_gen("P-256")
                  : std::string_view(kind) == "RSA" ? EVP_RSA_gen(2048)
                                                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  const auto text_of = [](auto&& write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  };
  Pair pair{text_of([&](BIO* bio) { PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); }),
            text_of([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key); })};
  EVP_PKEY_free(key);
  return pair;
}

const base::Digest kImage = base::sha256("image");
const base::Digest kOther = base::sha256("other");

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

class SignatureTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SignatureTest, BothFormsVerifyWithTheirKeyAlone) {
  const Pair mine = make_pair(GetParam());
  const Pair theirs = make_pair(GetParam());
  const PrivateKey key = PrivateKey::parse(mine.secret, "");
  const PublicKey good = PublicKey::parse(mine.open);
  const PublicKey wrong = PublicKey::parse(theirs.open);
  const std::string payload = simple_payload("r/app", kImage);
  const std::string signature = key.sign(payload);
  check_simple(payload, signature, good, kImage);
  EXPECT_THAT(failure([&] { check_simple(payload, signature, wrong, kImage); }),
              testing::HasSubstr("not one of this key"));
  EXPECT_THAT(failure([&] { check_simple(payload, signature, good, kOther); }), testing::HasSubstr("another image"));
  EXPECT_THAT(failure([&] { check_simple(simple_payload("r/app", kOther), signature, good, kOther); }),
              testing::HasSubstr("not one of this key"));
  const std::string bundle = make_bundle(kImage, key);
  check_bundle(bundle, good, kImage);
  EXPECT_THAT(failure([&] { check_bundle(bundle, wrong, kImage); }), testing::HasSubstr("not one of this key"));
  EXPECT_THAT(failure([&] { check_bundle(bundle, good, kOther); }), testing::HasSubstr("another image"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SignatureTest, ::testing::Values("P-256", "RSA", "Ed25519"));

TEST(Signature, EveryForgedBundleIsRefused) {
  const Pair pair = make_pair("P-256");
  const PrivateKey key = PrivateKey::parse(pair.secret, "");
  const PublicKey open = PublicKey::parse(pair.open);
  const std::string bundle = make_bundle(kImage, key);
  // Another payload under the old signature.
  base::Json json = base::Json::parse(bundle);
  const std::string payload = *base::base64_decode(json["dsseEnvelope"]["payload"].as_string());
  base::Json envelope = json["dsseEnvelope"];
  envelope.set("payload", base::base64_encode(base::replace_all(payload, kImage.hex(), kOther.hex())));
  json.set("dsseEnvelope", envelope);
  EXPECT_NE(failure([&] { check_bundle(json.dump(), open, kOther); }), "");
  // Signed with the key, and no signature of an image: an attestation of something else.
  for (const std::string& statement :
       {base::replace_all(payload, std::string(kSignPredicate), "https://slsa.dev/provenance/v1"),
        base::replace_all(payload, R"("subject":[)", R"("subject":[{"digest":{"sha256":"00"}},)"),
        std::string(R"({"_type":"x"})"), std::string("no json")}) {
    base::Json made = json["dsseEnvelope"];
    made.set("payload", base::base64_encode(statement));
    made.set("signatures",
             base::Json::array().push(base::Json::object().set(
                 "sig", base::base64_encode(key.sign(dsse_message("application/vnd.in-toto+json", statement))))));
    base::Json forged = json;
    forged.set("dsseEnvelope", made);
    EXPECT_NE(failure([&] { check_bundle(forged.dump(), open, kImage); }), "") << statement;
  }
  for (const char* text : {"", "{}", "[]", "{\"dsseEnvelope\":{}}", "{\"dsseEnvelope\":{\"payload\":\"!\"}}"}) {
    EXPECT_NE(failure([&] { check_bundle(text, open, kImage); }), "") << text;
  }
}

TEST(Signature, KeysSayWhatIsWrongWithThem) {
  EXPECT_THROW(PublicKey::parse("nothing"), base::Error);
  EXPECT_THROW(PrivateKey::parse("nothing", ""), base::Error);
  try {
    PrivateKey::parse("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(error.hint().find("import-key-pair"), std::string::npos);
  }
  const Pair pair = make_pair("P-256");
  EXPECT_THROW(PublicKey::parse(pair.secret), base::Error) << "a private key is no public one";
  EXPECT_EQ(PrivateKey::parse(pair.secret, "").public_key().hint(), PublicKey::parse(pair.open).hint());
}

}  // namespace
}  // namespace attest
