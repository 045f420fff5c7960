// SPDX-License-Identifier: Apache-2.0
// Commands on the store and the machine: du, prune, doctor, version.
#include <cstdio>

#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "images/collect.h"
#include "sandbox/probe.h"

namespace cli {

int run_disk_usage(const std::string& root, const DiskUsageOptions&) {
  House house(root, StoreAccess::shared);
  const auto usage = images::disk_usage(house.store(), house.images(), house.snapshots());
  std::printf("%-28s %s\n", "store", house.store().root().c_str());
  std::printf("%-28s %llu\n", "steps remembered", static_cast<unsigned long long>(usage.records));
  std::printf("%-28s %llu\n", "layer directories", static_cast<unsigned long long>(usage.layers));
  std::printf("%-28s %s\n", "blobs of images", base::human_size(usage.image_bytes).c_str());
  std::printf("%-28s %s\n", "blobs of the build cache", base::human_size(usage.cache_bytes).c_str());
  return 0;
}

int run_prune(const std::string& root, const PruneOptions& options) {
  House house(root, StoreAccess::exclusive);
  images::PruneOptions prune;
  prune.remove_tree = house.tree_remover();
  const auto pruned = options.all ? images::prune_all(house.store(), house.images(), house.snapshots(), prune)
                                  : images::prune_unused(house.store(), house.images(), house.snapshots(), prune);
  std::printf("removed %llu steps, %llu layer directories, %llu blobs (%s)\n",
              static_cast<unsigned long long>(pruned.records), static_cast<unsigned long long>(pruned.layers),
              static_cast<unsigned long long>(pruned.blobs), base::human_size(pruned.blob_bytes).c_str());
  return 0;
}

int run_doctor(const std::string& root, const DoctorOptions& options) {
  const auto gates = sandbox::judge(sandbox::read_machine_facts(state_directory(root)));
  bool usable = true;
  base::Json list = base::Json::array();
  for (const auto& gate : gates) {
    usable = usable && gate.state != sandbox::GateState::shut;
    const std::string state(sandbox::gate_state_name(gate.state));
    if (options.json) {
      base::Json json = base::Json::object();
      json.set("name", gate.name).set("state", state).set("detail", gate.detail);
      list.push(json.set_nonempty("fix", gate.fix));
      continue;
    }
    std::printf("%-8s %-22s %s\n", state.c_str(), gate.name.c_str(), gate.detail.c_str());
    if (!gate.fix.empty()) std::printf("%-8s %-22s -> %s\n", "", "", gate.fix.c_str());
  }
  if (options.json) std::printf("%s\n", list.dump(2).c_str());
  return usable ? 0 : 1;
}

int run_version() {
  std::puts("slipway " SLIPWAY_VERSION);
  return 0;
}

}  // namespace cli
