// SPDX-License-Identifier: Apache-2.0
#pragma once
// The system calls behind mount.h: overlay, bind and tmpfs mounts that are attached nowhere.
#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"

namespace snapshot {

enum class Access : std::uint8_t { read_write, read_only };

/// A detached copy of the mount at `path`.
base::Fd bind_mount(const std::string& path, Access access);
/// An empty file system.
base::Fd empty_mount();

struct OverlayDirectories {
  std::vector<std::string> lowers;  ///< bottom first, at least one
  std::string upper;                ///< "" for a read-only mount of at least two lowers
  std::string work;
};

enum class OverlayApi : std::uint8_t {
  automatic,
  append,   ///< one fsconfig("lowerdir+") per layer, Linux 6.8
  classic,  ///< mount(2) with one string, by way of a mount point
};

/// A detached overlay mount. The classic way makes (and removes) its mount point in `scratch`.
base::Fd overlay_mount(const OverlayDirectories& directories, const std::string& scratch,
                       OverlayApi api = OverlayApi::automatic);

}  // namespace snapshot
