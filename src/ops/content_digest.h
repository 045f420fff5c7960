// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content digest: a name for exactly what a selection picks in a tree. Names, types, modes, owners,
// sizes, bytes, link targets, device numbers and security.capability count; times never do.
//
// Two trees in which the selections pick the same have the same digest, wherever they come from. The
// selected path's own name counts only by its last element's part below the selection (the step's
// recipe has the rest), for wildcards the matched names count.
#include <optional>
#include <stop_token>
#include <vector>

#include "base/digest.h"
#include "base/task.h"
#include "ops/content_selection.h"
#include "ops/context_index.h"
#include "ops/copy.h"
#include "ops/listing.h"

namespace ops {

/// Of a tree that nobody writes to. A selected path that does not exist throws not_found with the text
/// of the copy (`"/x": not found`); a wildcard without match does not. Files are hashed on `pool`. What it
/// was made of is kept in `listings`.
base::Digest content_digest(const CopySource& tree, const std::vector<Selection>& selections, base::ThreadPool& pool,
                            const std::stop_token& stop, const Listings& listings = Listings(""));

/// What one walk over a live directory found.
struct LiveDigest {
  base::Digest content;          ///< as content_digest()
  base::Digest identity;         ///< names, inodes, change times, sizes: equal only if nothing changed in between
  Proof proof = Proof::settled;  ///< the weakest of all files that were read
};

/// Reads only what `known` does not know. Throws aborted when something changes while it is looked at.
LiveDigest live_digest(const CopySource& tree, const std::vector<Selection>& selections, base::ThreadPool& pool,
                       KnownFiles& known, const std::stop_token& stop, const Listings& listings = Listings(""));

/// LiveDigest::identity alone; reads no file.
base::Digest identity_digest(const CopySource& tree, const std::vector<Selection>& selections,
                             const std::stop_token& stop);

}  // namespace ops
