// SPDX-License-Identifier: Apache-2.0
#pragma once
// The last word on an image config: rootfs, history and times, as BuildKit's exporter sets them.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "oci/image.h"

namespace output {

/// What is known of one layer besides its bytes; fills gaps in the history.
struct LayerHistory {
  base::Digest diff_id;
  std::optional<base::Nanos> created;
  std::string description;  ///< what made the layer, used when the config has no history entry for it
  std::size_t members = 1;  ///< how many layers of the history it stands for (see layer_groups.h)
};

struct FinalizeOptions {
  std::optional<base::Nanos> epoch;  ///< clamps times later than it
  std::string base_config;           ///< config of the base image: its history keeps its times; "" for none
  std::string inline_cache;          ///< bytes of moby.buildkit.cache.v0; "" for none
};

/// The config with "rootfs", "history" and "created" filled in, its members sorted as Go does:
/// - every layer has a history entry (missing ones are appended, surplus ones become empty_layer); of
///   layers that were joined the topmost one's entry stands for all, the others become empty_layer;
/// - entries without a time get their layer's, or that of the first new layer, or the one before;
/// - with an epoch no new entry and no "created" is later than it.
/// Throws invalid_argument for a config without os or architecture.
std::string finalize_config(std::string_view config, std::span<const LayerHistory> layers,
                            const FinalizeOptions& options);

/// An RFC 3339 text as Go prints the time it reads from it: no trailing zeros, "Z" for +00:00.
std::string go_time_text(std::string_view text);

}  // namespace output
