// SPDX-License-Identifier: Apache-2.0
#include "snapshot/layer_records.h"

namespace snapshot {

LayerId layer_id_of(const base::Digest& diff_id) { return "sha256-" + diff_id.hex(); }

std::string chain_key(const Chain& chain) {
  base::Sha256 hash;
  for (const auto& id : chain) {
    hash.update(id);
    hash.update("\n");  // never part of an id
  }
  return hash.finish().hex();
}

}  // namespace snapshot
