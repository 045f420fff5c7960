// SPDX-License-Identifier: Apache-2.0
#include "snapshot/testing/memory_records.h"

namespace snapshot::testing {

std::optional<LayerInfo> MemoryLayerRecords::find(const LayerId& id) const {
  const auto tables = tables_.lock();
  const auto found = tables->layers.find(id);
  return found == tables->layers.end() ? std::nullopt : std::optional(found->second);
}

void MemoryLayerRecords::insert(const LayerId& id, const LayerInfo& info) { tables_.lock()->layers.emplace(id, info); }

void MemoryLayerRecords::erase(const LayerId& id) {
  const auto tables = tables_.lock();
  tables->layers.erase(id);
  std::erase_if(tables->blobs, [&](const auto& blob) { return blob.first.layer == id; });
}

std::vector<LayerId> MemoryLayerRecords::list() const {
  std::vector<LayerId> ids;
  for (const auto& [id, info] : tables_.lock()->layers) ids.push_back(id);
  return ids;
}

void MemoryLayerRecords::set_size(const LayerId& id, std::uint64_t size) {
  auto tables = tables_.lock();
  if (const auto found = tables->layers.find(id); found != tables->layers.end()) found->second.size = size;
}

std::optional<LayerBlob> MemoryLayerRecords::find_blob(const BlobKey& key) const {
  const auto tables = tables_.lock();
  for (const auto& [have, blob] : tables->blobs) {
    if (have == key) return blob;
  }
  return std::nullopt;
}

std::optional<LayerBlob> MemoryLayerRecords::any_blob(const LayerId& layer, const std::string& below) const {
  const auto tables = tables_.lock();
  for (auto i = tables->blobs.rbegin(); i != tables->blobs.rend(); ++i) {
    if (i->first.layer == layer && i->first.below == below) return i->second;
  }
  return std::nullopt;
}

void MemoryLayerRecords::put_blob(const BlobKey& key, const LayerBlob& blob) {
  const auto tables = tables_.lock();
  std::erase_if(tables->blobs, [&](const auto& have) { return have.first == key; });
  tables->blobs.emplace_back(key, blob);
}

}  // namespace snapshot::testing
