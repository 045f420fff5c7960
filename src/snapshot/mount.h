// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mounting snapshots. Used inside the helper process, which has its own mount namespace.
//
//     auto mount = snapshot::mount_snapshot(spec, driver, stop);   // not attached anywhere yet
//     snapshot::attach(mount.get(), "/run/rootfs");                // or use the fd with openat2
//     ... run the step ...
//     snapshot::detach("/run/rootfs");
//     snapshot::finish_snapshot(spec, driver, stop);               // native: derive the layer directory
//
// With the overlay driver a view of no layers is an empty tmpfs, everything else an overlay, except
// that the first layer of all is written without one (there is nothing below to hide). Layer directories
// stay self-contained: redirect_dir, metacopy and index are off. Beyond the kernel's limit of 500 lower
// layers the bottom ones are stacked first; 999 is the end.
// With the fuse driver fuse-overlayfs makes the mounts (fuse.h).
// With the native driver the chain is copied to `spec.work`/root and that copy is bound.
//
// A detached mount lives as long as its descriptor. Failure: base::Error; a refused mount says which
// call the kernel refused.
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fd.h"
#include "snapshot/snapshotter.h"

namespace snapshot {

/// The overlay attributes to use: "user.overlay.*" inside a user namespace that is not the first.
enum class Namespace : std::uint8_t { initial, user };
Namespace current_namespace();

/// A detached mount of the snapshot's merged tree. `scratch` is an empty directory, on the file
/// system of the snapshots, of this mount's own: kernels before 6.8, chains beyond 500 layers and
/// views of one layer pass through it; it is empty again afterwards. A read-only native view is
/// copied to it and stays. It must exist as long as the mount.
base::Fd mount_snapshot(const MountSpec& spec, Driver driver, const std::string& scratch, const std::stop_token& stop);

/// A detached copy of the mount at an opened file or directory, from there on downwards: a bind mount
/// that goes by the descriptor and never by a path.
base::Fd clone_mount(int source);

/// Puts a detached mount at an existing directory (or a file's mount at an existing file).
void attach(int mount, const std::string& path);
/// Lazy unmount; absent is fine.
void detach(const std::string& path);

/// After the last write and the last detach of an active snapshot: afterwards `spec.upper` is its layer
/// directory and `spec.work` is empty. Idempotent.
void finish_snapshot(const MountSpec& spec, Driver driver, const std::stop_token& stop);

/// Tries a driver below `directory`; "" when it works, otherwise what was refused.
std::string why_not(Driver driver, const std::string& directory);

struct Probe {
  Driver driver = Driver::overlay;
  std::string why_not_overlay;  ///< "" when overlay works; otherwise the call and the kernel's answer
  std::string why_not_fuse;     ///< the same of fuse-overlayfs; "" too when it was not tried
};
/// Tries a real overlay mount below `directory` (the state directory), then one through fuse-overlayfs, and says what
/// works there.
Probe probe(const std::string& directory);

}  // namespace snapshot
