// SPDX-License-Identifier: Apache-2.0
#pragma once
// Who speaks of what in the store: what prune and eviction go by.
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "images/image_store.h"
#include "store/store.h"

namespace images {

/// An image whose documents cannot be read still keeps its root: pruning must not finish what damage began.
std::set<base::Digest> blobs_of_images(const ImageStore& images);

/// The words of a text that could be layer ids: a record's body is the engine's business, but it names the layers of
/// its results, and an id occurs in it as a whole word.
std::unordered_set<std::string> words_of(std::string_view text);

/// Writes down that something was removed now, for those who ask why a step ran again.
void mark_pruned(const store::Store& store);

}  // namespace images
