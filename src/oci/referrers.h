// SPDX-License-Identifier: Apache-2.0
#pragma once
// Manifests that refer to another manifest of their repository: signatures, attestations.
//
//     repository.push_manifest(artifact, bytes, "", stop);             // its "subject" names the other one
//     oci::list_referrer(repository, subject, artifact, stop);         // where the registry keeps no list itself
//     for (const auto& entry : oci::referrers_of(repository, subject, stop)) …
//
// A registry lists them itself, or clients keep an index under the tag sha256-HEX; which of the two, the registry's
// answer says (OCI distribution specification 1.1, "Listing Referrers"). That tag is read, changed and written: of two
// clients that do so at once, one may lose its entry.
#include <stop_token>
#include <string>
#include <vector>

#include "oci/registry.h"

namespace oci {

/// "sha256-HEX", the tag that stands for a list of referrers.
std::string referrers_tag(const base::Digest& subject);

/// A list may say anything: what counts is the subject that each manifest names.
std::vector<Descriptor> referrers_of(Repository& repository, const base::Digest& subject, const std::stop_token& stop);

/// `referrer` was pushed; afterwards it is listed, once.
void list_referrer(Repository& repository, const base::Digest& subject, const Descriptor& referrer,
                   const std::stop_token& stop);

}  // namespace oci
