// SPDX-License-Identifier: Apache-2.0
#pragma once
// The OCI runtime configuration (config.json) of one container, as data.
#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox/container.h"
#include "sandbox/world.h"

namespace sandbox {

/// Paths that only the run knows.
struct SpecPlaces {
  std::string hosts;         ///< generated /etc/hosts
  std::string resolv_conf;   ///< generated /etc/resolv.conf
  std::string cgroups_path;  ///< "" for none
};

/// All mounts in the order in which the runtime makes them; a later one with the same target
/// replaces an earlier one in its place. Those of the spec are sorted, parents first.
std::vector<Mount> oci_mounts(const World& world, const ContainerSpec& spec, const SpecPlaces& places);

/// A resource limit as set: what was asked for, lowered to what this process may grant.
/// `notes` gets a sentence for each one lowered. Throws invalid_argument for an unknown name.
base::Json oci_rlimits(const std::vector<Ulimit>& ulimits, bool may_raise, std::vector<std::string>& notes);

/// The text of config.json. `notes` as above.
std::string oci_config(const World& world, const ContainerSpec& spec, const SpecPlaces& places,
                       std::vector<std::string>& notes);

}  // namespace sandbox
