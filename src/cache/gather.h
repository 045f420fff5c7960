// SPDX-License-Identifier: Apache-2.0
#pragma once
// From a finished build to a cache config: which records to hand on, and how they hang together.
#include <functional>
#include <optional>
#include <vector>

#include "cache/config.h"
#include "solve/cache_storage.h"
#include "solve/graph.h"

namespace cache {

/// One layer of what a step made, bottom first in a list.
struct ResultLayer {
  oci::Descriptor blob;
  base::Digest diff_id;
  base::Nanos created = 0;
};

/// The layers of a vertex' first output; nothing when they are not to be exported.
using ResultLayers = std::function<std::optional<std::vector<ResultLayer>>(std::size_t vertex)>;

/// `records` has one entry per vertex, nothing where none is known. A step that reads something without a record and
/// without a content digest cannot be found again and is left out.
/// `common`, also per vertex, adds each step once more under the names that other builders know it by.
Config gather(const solve::Graph& graph, const std::vector<std::optional<solve::Record>>& records,
              const std::vector<std::optional<solve::CommonKey>>& common, const ResultLayers& layers);

}  // namespace cache
