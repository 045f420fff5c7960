// SPDX-License-Identifier: Apache-2.0
// Commands on the store and the machine: du, prune, doctor, version.
#include <algorithm>
#include <cstdio>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/cache_budget.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "dockerfile/go_values.h"
#include "images/collect.h"
#include "images/verify.h"
#include "sandbox/probe.h"

namespace cli {

int run_disk_usage(const std::string& root, const DiskUsageOptions&) {
  House house(root, StoreAccess::shared);
  images::counted_bytes(eviction_world(house, false));  // measures layers that nobody measured yet
  const auto usage = images::disk_usage(house.store(), house.images(), house.snapshots());
  std::printf("%-28s %s\n", "store", house.store().root().c_str());
  std::printf("%-28s %llu\n", "steps remembered", static_cast<unsigned long long>(usage.records));
  std::printf("%-28s %llu\n", "layer directories", static_cast<unsigned long long>(usage.layers));
  std::printf("%-28s %s\n", "files in them", base::human_size(usage.layer_bytes).c_str());
  std::printf("%-28s %s\n", "blobs of images", base::human_size(usage.image_bytes).c_str());
  std::printf("%-28s %s\n", "blobs of the build cache", base::human_size(usage.cache_bytes).c_str());
  return 0;
}

namespace {

/// --filter until=24h.
base::Nanos idle_filter(const std::vector<std::string>& filters) {
  base::Nanos idle = 0;
  for (const auto& filter : filters) {
    const auto parts = base::cut(filter, "=");
    if (!parts || (parts->first != "until" && parts->first != "unused-for")) {
      base::Error error(base::Code::invalid_argument, base::format("--filter {}: not known", filter));
      error.set_hint("want until=DURATION, such as until=24h");
      throw error;
    }
    idle = std::max<base::Nanos>(idle, dockerfile::parse_duration(parts->second));
  }
  return idle;
}

int prune_down_to(House& house, const PruneOptions& options) {
  images::EvictionWish wish{.limit = 0, .idle = idle_filter(options.filters)};
  if (!options.keep.empty()) {
    const auto bytes = base::parse_bytes(options.keep);
    if (!bytes) base::fail(base::Code::invalid_argument, "--keep: \"{}\" is no size", options.keep);
    wish.limit = *bytes;
  }
  const auto world = eviction_world(house, true);
  const auto plan = images::plan_eviction(world, wish);
  const auto freed = images::evict(world, plan);
  std::printf("removed %zu parts of the cache (%s)\n", plan.parts.size(), base::human_size(freed).c_str());
  return 0;
}

}  // namespace

int run_prune(const std::string& root, const PruneOptions& options) {
  House house(root, StoreAccess::exclusive);
  if (!options.keep.empty() || !options.filters.empty()) return prune_down_to(house, options);
  images::PruneOptions prune;
  prune.remove_tree = house.tree_remover();
  const auto pruned = options.all ? images::prune_all(house.store(), house.images(), house.snapshots(), prune)
                                  : images::prune_unused(house.store(), house.images(), house.snapshots(), prune);
  std::printf("removed %llu steps, %llu layer directories, %llu blobs (%s)\n",
              static_cast<unsigned long long>(pruned.records), static_cast<unsigned long long>(pruned.layers),
              static_cast<unsigned long long>(pruned.blobs), base::human_size(pruned.blob_bytes).c_str());
  return 0;
}

namespace {

int doctor_store(const std::string& root, const DoctorOptions& options) {
  const Interrupt interrupt;
  House house(root, StoreAccess::exclusive);
  const auto report = images::verify_store(house.store(), house.images(), house.snapshots(), interrupt.token());
  if (options.json) {
    base::Json list = base::Json::array();
    for (const auto& problem : report.problems) {
      base::Json json = base::Json::object();
      json.set("kind", problem.kind == images::StoreProblem::Kind::damage ? "damage" : "garbage");
      list.push(json.set("text", problem.text).set("fix", problem.fix));
    }
    base::Json json = base::Json::object();
    json.set("whole", report.is_whole()).set("records", report.records).set("layers", report.layers);
    json.set("blobs", report.blobs).set("blob_bytes", report.blob_bytes).set("problems", std::move(list));
    std::printf("%s\n", json.dump(2).c_str());
    return report.is_whole() ? 0 : 1;
  }
  for (const auto& problem : report.problems) {
    const bool damage = problem.kind == images::StoreProblem::Kind::damage;
    std::printf("%-8s %s\n%-8s -> %s\n", damage ? "damage" : "garbage", problem.text.c_str(), "", problem.fix.c_str());
  }
  std::printf("%s: %llu steps, %llu layers, %llu blobs (%s): %s\n", house.store().root().c_str(),
              static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(report.layers),
              static_cast<unsigned long long>(report.blobs), base::human_size(report.blob_bytes).c_str(),
              report.is_whole() ? "whole" : "damaged");
  return report.is_whole() ? 0 : 1;
}

}  // namespace

int run_doctor(const std::string& root, const DoctorOptions& options) {
  if (options.store) return doctor_store(root, options);
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
