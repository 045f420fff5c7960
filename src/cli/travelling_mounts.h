// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache mounts that --cache-to …,mounts=ID sends along and --cache-from brings in (cache/mounts.h).
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/sync.h"
#include "cache/export.h"
#include "cache/mounts.h"
#include "cache/spec.h"
#include "cli/house.h"
#include "ops/cache_mounts.h"
#include "ops/services.h"

namespace cli {

/// What other machines sent; fetched when a step first wants the mount.
class ImportedMounts final : public ops::CacheMountSource {
 public:
  ImportedMounts(House& house, std::function<void(const std::string& text)> warn)
      : house_(house), warn_(std::move(warn)) {}

  /// Reads which mounts there are beside the cache's manifest `name`; nothing happens when there are none.
  void add(const std::shared_ptr<oci::ImageSource>& source, const std::string& name, const std::stop_token& stop);
  void fill(const std::string& id, const std::string& directory, const std::stop_token& stop) override;

 private:
  struct Known {
    std::shared_ptr<oci::ImageSource> source;
    cache::ExportedMount mount;
  };
  void fetch(const Known& known, const std::string& directory, const std::stop_token& stop);

  House& house_;
  std::function<void(const std::string&)> warn_;
  base::Sync<std::map<std::string, Known>> known_;
};

/// Writes the mounts that the flag names, as they are now; those that an earlier build wrote there stay.
void export_mounts(const cache::ExportSpec& spec, House& house, const cache::Part& part, const std::stop_token& stop);

}  // namespace cli
