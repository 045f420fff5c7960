// SPDX-License-Identifier: Apache-2.0
#pragma once
// Signatures of images in registries: written and looked for where cosign writes and looks for them.
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "attest/signature.h"
#include "attest/trust.h"
#include "cli/house.h"
#include "oci/reference.h"

namespace cli {

enum class SignatureForm : std::uint8_t { simple, bundle };

/// PEM; a passphrase is taken from SLIPWAY_KEY_PASSPHRASE.
attest::PrivateKey read_private_key(const std::string& path);
attest::PublicKey read_public_key(const std::string& path);
attest::Trust trust_of_key(const std::string& path);

/// Signs the manifest or index that a repository has under that digest, in both forms. Signatures that are there stay.
void sign_image(const oci::Reference& image, const oci::Descriptor& root, const attest::PrivateKey& key, House& house,
                const std::stop_token& stop);

/// In which forms the image is signed by who is trusted; throws permission_denied with every reason when in none.
std::vector<SignatureForm> verify_image(const oci::Reference& image, const oci::Descriptor& root,
                                        const attest::Trust& trust, House& house, const std::stop_token& stop);

/// The name of the first simple signature that counts and whose name `accept` takes (it throws otherwise): the only
/// form that says which name was signed. Throws permission_denied with every reason when there is none.
void verify_name(const oci::Reference& image, const oci::Descriptor& root, const attest::Trust& trust,
                 const std::function<void(const std::string& signed_name)>& accept, House& house,
                 const std::stop_token& stop);

}  // namespace cli
