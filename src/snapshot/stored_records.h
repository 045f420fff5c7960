// SPDX-License-Identifier: Apache-2.0
#pragma once
// LayerRecords in the store's meta.db; layers that are found or made here are leased to this process.
#include "snapshot/layer_records.h"
#include "store/layers.h"

namespace snapshot {

class StoredLayerRecords final : public LayerRecords {
 public:
  /// `table` outlives the object.
  explicit StoredLayerRecords(store::LayerTable& table) : table_(table) {}

  std::optional<LayerInfo> find(const LayerId& id) const override;
  void insert(const LayerId& id, const LayerInfo& info) override;
  void erase(const LayerId& id) override;
  std::vector<LayerId> list() const override;
  std::optional<LayerBlob> find_blob(const BlobKey& key) const override;
  std::optional<LayerBlob> any_blob(const LayerId& layer, const std::string& below) const override;
  void put_blob(const BlobKey& key, const LayerBlob& blob) override;

 private:
  store::LayerTable& table_;
};

}  // namespace snapshot
