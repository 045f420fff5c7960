// SPDX-License-Identifier: Apache-2.0
#pragma once
// Diff: the change that a layer directory makes over the ones below it, as a layer's tar stream.
//
//     layer::write_diff({"/s/base/fs"}, "/s/step/fs", sink, {}, stop);
//
// Equal, byte for byte, to what BuildKit's overlay differ writes for the same directories, so that
// diff ids agree. No mount is needed. In short (docs/formats/layer.md has the details):
//   - entries in walk order; parents that were not changed themselves are listed before the first
//     changed child; the root is never listed;
//   - a removed file is one entry ".wh.name" with mode, owner and time 0; a removed tree is one entry;
//     opaque directories are compared with what they hide and never written as such;
//   - a file whose owner, mode, device, capability, size and time equal the one below is left out;
//     where both times are whole seconds the content decides; of directories times do not count;
//   - only security.capability is kept of the extended attributes; sockets are left out;
//   - several changed names of one inode become hard links to the first one.
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "layer/changes.h"
#include "layer/stream.h"

namespace layer {

struct DiffOptions {
  /// Later modification times become this one, in seconds (rewrite-timestamp).
  std::optional<std::int64_t> clamp_mtime;
  /// filesystem: `upper` is a mounted chain; what it changes over `lowers` is one layer (squashing).
  UpperForm form = UpperForm::layer;
};

struct Diffed {
  std::uint64_t entries = 0;  ///< with parents and whiteouts
  std::uint64_t file_bytes = 0;
};

/// `lowers`: layer directories, bottom first. Writes a complete tar; does not finish the sink.
Diffed write_diff(std::span<const std::string> lowers, const std::string& upper, Sink& out, const DiffOptions& options,
                  const std::stop_token& stop);

/// True when write_diff would write no entry.
bool is_empty_diff(std::span<const std::string> lowers, const std::string& upper, const std::stop_token& stop);

}  // namespace layer
