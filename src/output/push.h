// SPDX-License-Identifier: Apache-2.0
#pragma once
// An assembled image to a registry: blobs first, side by side, then documents, the root last, so that
// the name never points to an image that is not whole.
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "oci/registry.h"
#include "output/assemble.h"
#include "store/content_store.h"

namespace output {

/// Called from the pushing threads with a blob's digest, bytes so far and in total.
using PushProgress = std::function<void(const base::Digest&, std::uint64_t current, std::uint64_t total)>;

/// Blobs that other repositories of the same registry are known to have, by the repository's path.
using MountSources = std::map<base::Digest, std::string>;

/// Afterwards the registry has the image under `tag` (under its digest alone when `tag` is ""). What the
/// repository has already is not sent again; what another one has, the registry is asked to take from there.
void push_image(const AssembledImage& image, oci::Repository& repository, std::string_view tag,
                store::ContentStore& content, const MountSources& elsewhere, const PushProgress& progress,
                const std::stop_token& stop);

}  // namespace output
