// SPDX-License-Identifier: Apache-2.0
#include "cli/cache_budget.h"

#include <algorithm>
#include <cstdlib>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/log.h"

namespace cli {
namespace {

std::vector<std::uint64_t> measure(ops::Worker& worker, const std::vector<std::string>& directories) {
  const auto reply = worker.call("disk_use", base::Json::object().set("directories", base::Json::strings(directories)));
  std::vector<std::uint64_t> sizes;
  for (const auto& size : reply.result["bytes"].items()) sizes.push_back(static_cast<std::uint64_t>(size.as_int()));
  return sizes;
}

}  // namespace

std::optional<std::uint64_t> cache_limit(const std::string& flag) {
  const char* variable = std::getenv("SLIPWAY_CACHE_MAX");
  const std::string text = flag.empty() && variable != nullptr ? variable : flag;
  if (text.empty()) return std::nullopt;
  if (const auto bytes = base::parse_bytes(text)) return bytes;
  base::Error error(base::Code::invalid_argument,
                    base::format("{}: \"{}\" is no size", flag.empty() ? "SLIPWAY_CACHE_MAX" : "--cache-max", text));
  error.set_hint("want a number with MB, GB, MiB or GiB, such as 20GB");
  throw error;
}

images::EvictionWorld eviction_world(House& house, bool alone) {
  return {.store = house.store(),
          .images = house.images(),
          .snapshots = house.snapshots(),
          .measure = [&house](const std::vector<std::string>& paths) { return measure(house.worker(), paths); },
          .remove_tree = house.tree_remover(),
          .alone = alone};
}

CacheBudget::CacheBudget(House& house, std::optional<std::uint64_t> limit) : house_(house), limit_(limit) {
  if (limit_) house_.snapshots().on_commit([this](const snapshot::LayerId& layer) { layer_made(layer); });
}

CacheBudget::~CacheBudget() {
  if (limit_) house_.snapshots().on_commit({});
}

void CacheBudget::layer_made(const snapshot::LayerId& layer) {
  const auto size = measure(house_.worker(), {house_.store().snapshots_dir() + "/" + layer}).at(0);
  house_.snapshots().records().set_size(layer, size);
  const std::lock_guard lock(mutex_);
  used_ = used_ ? *used_ + size : images::counted_bytes(eviction_world(house_, false));
  if (*used_ > *limit_) keep_within(false);
}

void CacheBudget::keep_within(bool alone) {
  const auto world = eviction_world(house_, alone);
  const auto plan = images::plan_eviction(world, {.limit = *limit_ / 10 * 9});
  images::evict(world, plan);
  used_ = plan.used - std::min(plan.used, plan.freed());
}

void CacheBudget::settle() {
  if (!limit_) return;
  try {
    house_.when_alone([&](bool alone) {
      const std::lock_guard lock(mutex_);
      used_ = images::counted_bytes(eviction_world(house_, alone));
      if (*used_ > *limit_) keep_within(alone);
    });
  } catch (const base::Error& error) {
    base::log_warn("the build is done, but the store could not be brought below --cache-max: {}", error.text());
  }
}

}  // namespace cli
