// SPDX-License-Identifier: Apache-2.0
#include "snapshot/stored_records.h"

namespace snapshot {
namespace {

std::optional<LayerBlob> from_row(const std::optional<store::StoredLayerBlob>& row) {
  if (!row) return std::nullopt;
  return LayerBlob{row->digest, row->size, row->diff_id, row->uncompressed_size, row->media_type};
}

}  // namespace

std::optional<LayerInfo> StoredLayerRecords::find(const LayerId& id) const {
  const auto row = table_.find(id);
  return row ? std::optional(LayerInfo{row->diff_id, row->size, row->created}) : std::nullopt;
}

void StoredLayerRecords::insert(const LayerId& id, const LayerInfo& info) {
  table_.insert({id, info.diff_id, info.size, info.created});
}

void StoredLayerRecords::erase(const LayerId& id) { table_.erase(id); }

std::vector<LayerId> StoredLayerRecords::list() const {
  std::vector<LayerId> ids;
  for (auto& layer : table_.list()) ids.push_back(std::move(layer.id));
  return ids;
}

std::optional<LayerBlob> StoredLayerRecords::find_blob(const BlobKey& key) const {
  return from_row(table_.find_blob({key.layer, key.below, key.encoding}));
}

std::optional<LayerBlob> StoredLayerRecords::any_blob(const LayerId& layer, const std::string& below) const {
  return from_row(table_.any_blob(layer, below));
}

void StoredLayerRecords::put_blob(const BlobKey& key, const LayerBlob& blob) {
  table_.put_blob({key.layer, key.below, key.encoding},
                  {blob.digest, blob.size, blob.diff_id, blob.uncompressed_size, blob.media_type});
}

}  // namespace snapshot
