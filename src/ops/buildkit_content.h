// SPDX-License-Identifier: Apache-2.0
#pragma once
// What BuildKit calls the content that a step selects of an input: its cache/contenthash, for caches that are exchanged
// with it (llb/buildkit_key.h). Our own names (content_digest.h) cover less and are quicker to make.
//
// A file counts with its mode, owner, size, attributes and bytes in the form of Docker's tarsum headers, a directory
// with its own and its entries' names. What patterns and wildcards choose is a list of such names, which BuildKit
// writes in another way since 0.26: there may be two names then, the newer one first. Nothing is said of paths with a
// backslash and of the root of a frozen tree: there the two would have to agree about too much.
#include <optional>
#include <stop_token>
#include <vector>

#include "base/digest.h"
#include "ops/content_selection.h"
#include "ops/copy.h"

namespace ops {

/// The names of the record (llb::buildkit_record with kContentOutput). Reads every selected file.
std::vector<base::Digest> buildkit_content(const CopySource& tree, const std::vector<Selection>& selections,
                                           const std::stop_token& stop);

}  // namespace ops
