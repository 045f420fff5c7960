// SPDX-License-Identifier: Apache-2.0
#pragma once
// LayerRecords that live in memory, for tests.
#include <map>
#include <utility>

#include "base/sync.h"
#include "snapshot/layer_records.h"

namespace snapshot::testing {

class MemoryLayerRecords final : public LayerRecords {
 public:
  std::optional<LayerInfo> find(const LayerId& id) const override;
  void insert(const LayerId& id, const LayerInfo& info) override;
  void erase(const LayerId& id) override;
  std::vector<LayerId> list() const override;
  void set_size(const LayerId& id, std::uint64_t size) override;
  std::optional<LayerBlob> find_blob(const BlobKey& key) const override;
  std::optional<LayerBlob> any_blob(const LayerId& layer, const std::string& below) const override;
  void put_blob(const BlobKey& key, const LayerBlob& blob) override;

 private:
  struct Tables {
    std::map<LayerId, LayerInfo> layers;
    std::vector<std::pair<BlobKey, LayerBlob>> blobs;  ///< oldest first
  };
  mutable base::Sync<Tables> tables_;
};

}  // namespace snapshot::testing
