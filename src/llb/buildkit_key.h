// SPDX-License-Identifier: Apache-2.0
#pragma once
// What BuildKit calls a step in its cache: the digests under which its records are found, made as it makes them, so
// that a cache it wrote fits our steps and ours fits its.
//
//     base::Digest key = llb::buildkit_exec_key(op);
//     base::Digest record = llb::buildkit_record(key);        // as in a cache config
//
// A key is the SHA-256 of Go's JSON of the op without its volatile parts; a record is named by its key and output ("-1"
// for content). Sources: BuildKit's solver/llbsolver/ops (exec.go, file.go, merge.go, source.go),
// solver/cachemanager.go (rootKey), source/containerimage/pull.go. What BuildKit puts into a key and we do not know
// gives no key.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "llb/op.h"

namespace llb {

/// The record of a key's output; kContentOutput for a digest of content.
inline constexpr int kContentOutput = -1;
base::Digest buildkit_record(const base::Digest& key, int output = 0);

/// An image has two: of its manifest or index with the platform, and of its layers, in that order.
std::vector<base::Digest> buildkit_image_keys(const base::Digest& root, const Platform& platform,
                                              const std::vector<base::Digest>& diff_ids);
/// `op.kind` is an ExecOp.
base::Digest buildkit_exec_key(const Op& op);
/// `op.kind` is a FileOp; nothing for actions that BuildKit has no key of this form for.
std::optional<base::Digest> buildkit_file_key(const Op& op);

/// `op.kind` is a MergeOp; its inputs count as wholes.
base::Digest buildkit_merge_key(const Op& op);

/// How a link says what is selected of an input: "" without paths.
std::string buildkit_selector(const std::vector<std::string>& paths);

}  // namespace llb
