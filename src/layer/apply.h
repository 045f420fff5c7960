// SPDX-License-Identifier: Apache-2.0
#pragma once
// Apply: a layer's tar stream becomes a layer directory (an overlayfs upper directory).
//
//     auto applied = layer::apply_blob(blob, directory, {.expect = diff_id}, stop);
//
// ".wh.x" becomes a whiteout device "x", ".wh..wh..opq" the opaque attribute of its directory. The
// directory depends on no other layer, so the layers of an image may be applied in parallel, in any
// order. One thing does depend on what lies below: a directory that the tar only implies (it has
// "usr/bin/x" but no "usr/") should look like the one below it. Such directories are made 0755
// root and listed in `implied_directories`; adopt_directories() copies the right attributes once
// the chain is known. Most layers list all their parents and have none.
//
// The tar is not trusted. Names are resolved inside the directory, as if it were the root of the
// file system: nothing absolute, no "..", no symlink of the archive leads out of it. A malformed or
// lying archive throws and leaves an unfinished directory that the caller throws away.
//
// Order at each file: content, owner, extended attributes, mode, times (chown drops capabilities
// and set-id bits); directory times are set last.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/digest.h"
#include "layer/stream.h"

namespace layer {

/// How opaque directories are marked: overlay mounts of user namespaces read "user.overlay.*".
enum class OverlayXattrs : std::uint8_t { trusted, user };
/// `squash`: all files belong to us (a user namespace with one id has no others).
enum class Owners : std::uint8_t { keep, squash };
/// `skip`: leave device nodes out (a user namespace cannot make them).
enum class Devices : std::uint8_t { make, skip };

struct ApplyOptions {
  OverlayXattrs overlay_xattrs = OverlayXattrs::trusted;
  Owners owners = Owners::keep;
  Devices devices = Devices::make;
  std::optional<base::Digest> expect;  ///< of the uncompressed tar; data_loss when it differs
};

struct Applied {
  base::Digest diff_id;
  std::uint64_t uncompressed_size = 0;
  std::uint64_t file_bytes = 0;  ///< content of the files made
  std::uint64_t files = 0;
  std::vector<std::string> implied_directories;  ///< sorted
  std::vector<std::string> skipped_devices;
};

/// Applies an uncompressed tar to the empty directory `directory`, to the stream's very end.
Applied apply_tar(Source& tar, int directory, const ApplyOptions& options, const std::stop_token& stop);

/// The same for a blob of any compression.
Applied apply_blob(Source& blob, int directory, const ApplyOptions& options, const std::stop_token& stop);

/// Gives the implied directories the owner, mode, times and attributes that they have in `lowers`
/// (layer directories, bottom first); those absent there are left alone.
void adopt_directories(int directory, std::span<const std::string> implied, std::span<const std::string> lowers);

}  // namespace layer
