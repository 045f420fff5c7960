// SPDX-License-Identifier: Apache-2.0
#include "sandbox/world.h"

namespace sandbox {

std::string describe(const World& world) {
  if (!world.rootless()) return "";
  return describe(Tier{world.tier, world.uids, world.gids, world.tier_reason});
}

base::Json to_json(const World& world) {
  base::Json json = base::Json::object();
  json.set("tier", tier_name(world.tier)).set_nonempty("tier_reason", world.tier_reason);
  json.set("work_dir", world.work_dir).set("runtime", world.runtime);
  json.set("fresh_proc", world.fresh_proc).set("cgroups", cgroup_layout_name(world.cgroups));
  json.set("device_gate", world.device_gate).set("shared_proc", world.shared_proc == SharedProc::allow);
  json.set("uids", to_json(world.uids)).set("gids", to_json(world.gids));
  json.set("notes", base::Json::strings(world.notes));
  return json;
}

World world_from_json(const base::Json& json) {
  World world;
  world.tier = parse_tier(json["tier"].string_or("")).value_or(TierKind::unavailable);
  world.tier_reason = json["tier_reason"].string_or("");
  world.work_dir = json["work_dir"].string_or("");
  world.runtime = json["runtime"].string_or("");
  world.fresh_proc = json["fresh_proc"].bool_or(false);
  world.shared_proc = json["shared_proc"].bool_or(false) ? SharedProc::allow : SharedProc::refuse;
  world.cgroups = parse_cgroup_layout(json["cgroups"].string_or(""));
  world.device_gate = json["device_gate"].string_or("");
  world.uids = id_map_from_json(json["uids"]);
  world.gids = id_map_from_json(json["gids"]);
  world.notes = json["notes"].string_items();
  return world;
}

}  // namespace sandbox
