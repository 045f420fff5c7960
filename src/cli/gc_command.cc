// SPDX-License-Identifier: Apache-2.0
// slipway gc: the cache brought within a size, and why what goes does.
#include <cstdio>

#include "base/error.h"
#include "base/strings.h"
#include "cli/cache_budget.h"
#include "cli/commands.h"
#include "cli/print_line.h"

namespace cli {
namespace {

std::string seconds_text(base::Nanos time) {
  const double seconds = static_cast<double>(time) / base::kSecond;
  if (seconds < 60) return base::format("{:.1f} s", seconds);
  if (seconds < 3600) return base::format("{:.0f} min", seconds / 60);
  return seconds < 48 * 3600 ? base::format("{:.0f} h", seconds / 3600) : base::format("{:.0f} days", seconds / 86400);
}

std::string_view kind_name(images::EvictionPart::Kind kind) {
  using Kind = images::EvictionPart::Kind;
  switch (kind) {
    case Kind::garbage: return "garbage";
    case Kind::step: return "step";
    case Kind::cache_mount: return "cache mount";
    case Kind::git: return "git";
  }
  return "";
}

void print_part(const images::EvictionPart& part) {
  std::string why;
  if (part.kind != images::EvictionPart::Kind::garbage) {
    why = base::format("{} to have again, unused for {}", seconds_text(part.took), seconds_text(part.idle));
  }
  if (part.leased) why += why.empty() ? "in use" : ", in use";
  print_line(
      base::format("  {:>9}  {}{}", base::human_size(part.bytes), part.name, why.empty() ? "" : "  (" + why + ")"));
}

void print_plan(const images::EvictionPlan& plan, bool dry_run) {
  if (!plan.parts.empty()) print_line(dry_run ? "would go, in this order:" : "goes, in this order:");
  for (const auto& part : plan.parts) print_part(part);
  std::size_t weightless = 0;
  bool first = true;
  for (const auto& part : plan.kept) {
    if (part.bytes == 0) {
      ++weightless;
      continue;
    }
    if (first) print_line("stays, the next to go first:");
    first = false;
    print_part(part);
  }
  if (weightless > 0) print_line(base::format("  and {} steps that take no room of their own", weightless));
}

base::Json parts_json(const std::vector<images::EvictionPart>& parts) {
  base::Json list = base::Json::array();
  for (const auto& part : parts) {
    base::Json json = base::Json::object();
    json.set("kind", kind_name(part.kind)).set("name", part.name).set("bytes", part.bytes);
    json.set("seconds", static_cast<double>(part.took) / base::kSecond);
    json.set("idle", static_cast<double>(part.idle) / base::kSecond).set("in_use", part.leased);
    list.push(std::move(json));
  }
  return list;
}

std::uint64_t known_limit(const EvictOptions& options) {
  if (const auto limit = cache_limit(options.cache_max)) return *limit;
  if (options.explain || options.dry_run) return UINT64_MAX;  // says what there is
  base::Error error(base::Code::invalid_argument, "no size was given");
  error.set_hint("--cache-max 20GB, or SLIPWAY_CACHE_MAX; --explain alone says what there is");
  throw error;
}

}  // namespace

int run_evict(const std::string& root, const EvictOptions& options) {
  const std::uint64_t limit = known_limit(options);
  House house(root, StoreAccess::shared);
  images::EvictionPlan plan;
  std::uint64_t freed = 0;
  house.when_alone([&](bool alone) {
    const auto world = eviction_world(house, alone);
    plan = images::plan_eviction(world, {.limit = limit});
    if (!options.dry_run) freed = images::evict(world, plan);
  });
  if (options.json) {
    base::Json json = base::Json::object();
    json.set("used", plan.used).set("images", plan.image_bytes).set("freed", freed);
    json.set("removed", parts_json(plan.parts)).set("kept", parts_json(plan.kept));
    std::printf("%s\n", json.dump(2).c_str());
    return 0;
  }
  if (options.explain) print_plan(plan, options.dry_run);
  print_line(base::format("{} of cache, {} freed; {} in named images", base::human_size(plan.used),
                          base::human_size(freed), base::human_size(plan.image_bytes)));
  return 0;
}

}  // namespace cli
