// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content digest: a name for exactly what a selection picks in a tree. Names, types, modes, owners,
// sizes, bytes, link targets, device numbers and security.capability count; times never do.
//
// Two trees in which the selections pick the same have the same digest, wherever they come from. The
// selected path's own name counts only by its last element's part below the selection (the step's
// recipe has the rest), for wildcards the matched names count.
#include <stop_token>
#include <vector>

#include "base/digest.h"
#include "base/task.h"
#include "ops/content_selection.h"
#include "ops/copy.h"

namespace ops {

/// What names a file's content: its bytes, or (without reading it) the inode, its change time and size,
/// which no edit leaves as they were. Two equal `identity` digests say that nothing changed in between.
enum class Evidence : std::uint8_t { bytes, identity };

/// `tree` as for copying. A selected path that does not exist throws not_found with the text of the
/// copy (`"/x": not found`); a wildcard without match does not. Files are hashed on `pool`.
base::Digest content_digest(const CopySource& tree, const std::vector<Selection>& selections, base::ThreadPool& pool,
                            const std::stop_token& stop, Evidence evidence = Evidence::bytes);

}  // namespace ops
