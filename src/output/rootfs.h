// SPDX-License-Identifier: Apache-2.0
#pragma once
// -o type=tar and type=local: a root filesystem as a tar, or as files for the caller.
//
// Both read the root through a descriptor of a mounted, read-only directory (they run inside the
// helper that mounted it). The tar holds what fsutil's writer in BuildKit puts there: every entry
// but the root, sorted, owners, xattrs, devices, hard links, sockets as empty files. A local copy
// belongs to the caller: modes, times and hard links stay, owners do not; xattrs and devices where
// the caller may make them, and silently not otherwise.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/time.h"
#include "layer/stream.h"
#include "layer/tar_writer.h"

namespace output {

struct RootfsOptions {
  std::optional<base::Nanos> epoch;  ///< every time stamp becomes this one
  /// "linux_amd64/" when platforms are split; "" otherwise. Targets of absolute symlinks get it too.
  std::string prefix;
  /// Called with bytes of file content done so far.
  std::function<void(std::uint64_t)> progress;
};

/// Writes the entries below `root_fd`; neither ends the tar nor finishes the sink, so that several
/// platforms can share one tar. With a prefix the folder itself is written first.
void write_rootfs_tar(int root_fd, layer::TarWriter& tar, const RootfsOptions& options, const std::stop_token& stop);

/// Copies everything below `root_fd` into the directory `destination_fd`, over what is there.
/// Nothing outside is touched: existing symlinks in the destination are replaced, not followed; a
/// directory stays one, a file in the way of a directory (or the reverse) is replaced.
/// With a prefix into that subdirectory. Throws; a failed copy leaves what was copied.
void copy_rootfs(int root_fd, int destination_fd, const RootfsOptions& options, const std::stop_token& stop);

/// mode=delete: removes from the destination what none of the roots has. Called after copy_rootfs;
/// with split platforms once per platform's folder.
void remove_surplus(std::span<const int> roots, int destination_fd, const std::stop_token& stop);

/// "linux/arm/v7" → "linux_arm_v7/".
std::string platform_prefix(std::string_view platform_id);

}  // namespace output
