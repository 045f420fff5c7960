// SPDX-License-Identifier: Apache-2.0
// slipway sign, slipway verify: images in registries, with a key pair.
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/print_line.h"
#include "cli/signing.h"
#include "progress/error_report.h"

namespace cli {
namespace {

constexpr std::size_t kMaxKey = 1U << 20;

/// The image's name with what it stands for now.
oci::Descriptor root_of(const oci::Reference& image, House& house, const std::stop_token& stop) {
  return house.registry().repository(image)->resolve(image.object(), stop);
}

std::string read_certificates(const std::string& path) {
  return base::with_context(
      [&] {
        std::string pem = base::read_file(path, kMaxKey);
        if (attest::certificates_in(pem).empty()) base::fail(base::Code::invalid_argument, "there is no certificate");
        return pem;
      },
      "{}", path);
}

attest::Trust trust_of(const VerifyOptions& options) {
  attest::Authority authority{.identity = options.identity, .issuer = options.issuer};
  if (options.key.empty()) authority.roots = read_certificates(options.roots);
  if (!options.intermediates.empty()) authority.intermediates = read_certificates(options.intermediates);
  attest::Trust trust =
      options.key.empty() ? attest::Trust::in_authority(std::move(authority)) : trust_of_key(options.key);
  if (!options.log_key.empty()) {
    std::vector<attest::PublicKey> logs;
    logs.push_back(read_public_key(options.log_key));
    trust.want_log(std::move(logs));
  }
  return trust;
}

}  // namespace

attest::PrivateKey read_private_key(const std::string& path) {
  const char* passphrase = std::getenv("SLIPWAY_KEY_PASSPHRASE");
  return base::with_context(
      [&] { return attest::PrivateKey::parse(base::read_file(path, kMaxKey), passphrase ? passphrase : ""); }, "key {}",
      path);
}

attest::PublicKey read_public_key(const std::string& path) {
  return base::with_context([&] { return attest::PublicKey::parse(base::read_file(path, kMaxKey)); }, "key {}", path);
}

attest::Trust trust_of_key(const std::string& path) {
  std::vector<attest::PublicKey> keys;
  keys.push_back(read_public_key(path));
  return attest::Trust::in_keys(std::move(keys));
}

int run_sign(const std::string& root, const SignOptions& options) {
  const Interrupt interrupt;
  const auto key = read_private_key(options.key);
  House house(root, StoreAccess::shared);
  const auto image = oci::Reference::parse(options.image).tagged();
  const auto descriptor = root_of(image, house, interrupt.token());
  sign_image(image, descriptor, key, house, interrupt.token());
  print_line(image.familiar_name() + "@" + descriptor.digest.str());
  return 0;
}

int run_verify(const std::string& root, const VerifyOptions& options) {
  const Interrupt interrupt;
  const auto trust = trust_of(options);
  House house(root, StoreAccess::shared);
  const auto image = oci::Reference::parse(options.image).tagged();
  const auto descriptor = root_of(image, house, interrupt.token());
  try {
    const auto forms = verify_image(image, descriptor, trust, house, interrupt.token());
    for (const auto form : forms) {
      print_line(image.familiar_name() + "@" + descriptor.digest.str() +
                 (form == SignatureForm::simple ? " verified (signature image)" : " verified (bundle)"));
    }
    return 0;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::permission_denied) throw;
    std::fputs(progress::error_report(error).c_str(), stderr);
    return kGateRefused;
  }
}

}  // namespace cli
