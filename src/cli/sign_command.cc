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
  const auto key = read_public_key(options.key);
  House house(root, StoreAccess::shared);
  const auto image = oci::Reference::parse(options.image).tagged();
  const auto descriptor = root_of(image, house, interrupt.token());
  try {
    const auto forms = verify_image(image, descriptor, key, house, interrupt.token());
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
