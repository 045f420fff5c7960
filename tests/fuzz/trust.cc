// SPDX-License-Identifier: Apache-2.0
#include "attest/trust.h"

#include "attest/image_policy.h"
#include "base/base64.h"
#include "base/json.h"

#include "targets.h"

namespace fuzz {
namespace {

constexpr std::string_view kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

attest::Trust trust_in_nobody(bool with_certificates) {
  std::vector<attest::PublicKey> keys;
  keys.push_back(attest::PublicKey::parse(kKey));
  std::vector<attest::PublicKey> logs;
  logs.push_back(attest::PublicKey::parse(kKey));
  attest::Trust trust = with_certificates ? attest::Trust::in_authority({}) : attest::Trust::in_keys(std::move(keys));
  trust.want_log(std::move(logs));
  return trust;
}

}  // namespace

/// Nobody has the key's other half, and no authority is trusted: whatever the input says, it must not count.
void trust(std::string_view input) {
  const auto [kind, rest] = first_line(input);
  const base::Digest image = base::sha256("image");
  const std::string text(rest);
  if (kind == "policy") {
    accepted([&] { attest::ImagePolicy::parse(text, "policy.json"); });
    return;
  }
  for (const bool with_certificates : {false, true}) {
    const attest::Trust nobody = trust_in_nobody(with_certificates);
    const bool counts = accepted([&] {
      if (kind == "bundle") nobody.check_bundle(text, image);
      if (kind == "simple") {
        const base::Json parts = base::Json::parse(text);
        nobody.check({.payload = parts["payload"].string_or(""),
                      .signature = base::base64_decode(parts["signature"].string_or("")).value_or(""),
                      .certificate = parts["certificate"].string_or(""),
                      .chain = parts["chain"].string_or(""),
                      .log_entry = parts["log"].string_or("")},
                     image);
      }
      if (kind != "bundle" && kind != "simple") base::fail(base::Code::invalid_argument, "nothing to check");
    });
    require(!counts, "nothing forged counts");
  }
}

}  // namespace fuzz
