// SPDX-License-Identifier: Apache-2.0
#pragma once
// Layer records in the store's meta.db.
#include "snapshot/layer_records.h"
#include "store/database.h"

namespace snapshot {

class StoredLayerRecords final : public LayerRecords {
 public:
  explicit StoredLayerRecords(store::Database& meta) : meta_(meta) {}

  std::optional<LayerInfo> find(const LayerId& id) const override;
  void insert(const LayerId& id, const LayerInfo& info) override;
  void erase(const LayerId& id) override;
  std::vector<LayerId> list() const override;
  void set_size(const LayerId& id, std::uint64_t size) override;
  std::optional<LayerBlob> find_blob(const BlobKey& key) const override;
  std::optional<LayerBlob> any_blob(const LayerId& layer, const std::string& below) const override;
  void put_blob(const BlobKey& key, const LayerBlob& blob) override;

 private:
  store::Database& meta_;
};

}  // namespace snapshot
