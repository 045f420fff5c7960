// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bill of materials of an image as a document: SPDX 2.3 or CycloneDX 1.5, both JSON.
//
// Equal components give equal documents: names inside them are made of what they name, and the time is the caller's.
// Components that were copied from another stage say from which package and step; what only the build used has the
// scope "excluded" (CycloneDX) or the relationship BUILD_DEPENDENCY_OF (SPDX). Sources: the SPDX 2.3 specification,
// clauses 6 to 11; the CycloneDX 1.5 JSON reference.
#include <optional>
#include <string>
#include <vector>

#include "attest/component.h"
#include "base/json.h"
#include "base/time.h"

namespace attest {

struct BilledImage {
  std::string name;    ///< as people call it, "" = no name
  std::string digest;  ///< "sha256:…" of its manifest, or ""
  base::Nanos created = 0;
  std::string tool_version;
};

base::Json spdx_document(const BilledImage& image, const std::vector<Component>& components);
base::Json cyclonedx_document(const BilledImage& image, const std::vector<Component>& components);

/// The packages of the image that a document (SPDX 2 or CycloneDX) lists by package URL, those of builder stages left
/// out; nothing for other documents.
std::optional<Components> components_of_bill(const base::Json& document);

/// What differs: packages by name, for people. Empty for equal bills.
struct BillChange {
  enum class Kind : std::uint8_t { added, removed, changed } kind = Kind::added;
  std::string name;  ///< "deb zlib1g"
  std::string before, now;
};
/// "~ deb zlib1g 1.0 -> 1.1", "+ …", "- …"
std::string format_change(const BillChange& change);
std::vector<BillChange> compare_bills(const std::vector<Component>& before, const std::vector<Component>& now);

}  // namespace attest
