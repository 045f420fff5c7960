// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the keeper of a build machine adds to every provenance made on it: the fields of the JSON files in
// /etc/buildkit/provenance.d, as buildkitd reads them (docs/buildkitd.toml.md, provenanceEnvDir).
#include <string>

#include "base/json.h"

namespace attest {

/// The directory: $SLIPWAY_PROVENANCE_DIR, else BuildKit's.
std::string own_fields_directory();

/// One object of all files whose names end with ".json", read in the order of their names; a later field replaces an
/// earlier one. Without the directory it is empty. Throws invalid_argument, with the file, for what is no object and
/// for fields that are the builder's to state.
base::Json read_own_fields(const std::string& directory);

}  // namespace attest
