// SPDX-License-Identifier: Apache-2.0
#pragma once
// How requests to the helper look: mounts, sources and op bytes as JSON.
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "ops/local_source.h"
#include "snapshot/snapshotter.h"

namespace ops {

/// Where a step reads from: nothing, frozen layers, or a live directory.
using SourceTree = std::variant<std::monostate, snapshot::MountSpec, LocalView>;

base::Json to_json(const LocalView& view);
LocalView local_view_from_json(const base::Json& json);

base::Json to_json(const SourceTree& tree);
SourceTree source_tree_from_json(const base::Json& json);

/// Raw bytes as hexadecimal text: JSON strings cannot hold them.
std::string encode_bytes(std::string_view bytes);
/// Throws invalid_argument.
std::string decode_bytes(std::string_view text);

}  // namespace ops
