// SPDX-License-Identifier: Apache-2.0
#pragma once
// Graphs in the corpus's schema: ops and metadata as protojson writes them.
#include "base/json.h"
#include "llb/definition.h"

namespace conformance {

/// pb.Op as protojson: lowerCamel names, 64-bit numbers as texts, defaults left out, names sorted.
base::Json op_view(const llb::Op& op);
/// pb.OpMetadata as protojson.
base::Json metadata_view(const llb::OpMetadata& metadata);
/// {head, ops [{digest, op, metadata, locations, terminal}], sources}
base::Json definition_view(const llb::Definition& definition);
/// The object with its members sorted by name.
base::Json sorted_members(base::Json object);

}  // namespace conformance
