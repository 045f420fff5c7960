// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which components a filesystem holds, and whose file is whose. Runs where the filesystem is mounted.
//
//     attest::Scan scan = attest::scan_packages(root_fd, scratch_directory, stop);
//     scan.components                    // every package of every known kind
//     scan.owner("usr/lib/libz.so.1")    // → index in components, or nothing
//
// One walk of the tree; of ordinary files only those are opened whose names say what they are, and programs, of which
// the section table is read. Symlinks are not followed. Nothing of the image is run.
// Threads: one scan belongs to one thread. Failure: Cancelled; files that cannot be read are passed over.
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "attest/package_readers.h"

namespace attest {

struct Scan {
  Distribution distribution;
  Components components;
  /// Files that a package database lists, below the root without a leading "/", → index in `components`.
  std::map<std::string, std::size_t> owners;

  std::optional<std::size_t> owner(const std::string& path) const;
};

/// In an image, what is installed counts; in sources, also what their lock files name.
enum class TreeKind : std::uint8_t { filesystem, sources };

/// `scratch` is a directory to copy databases to that are read by path.
Scan scan_packages(int root, TreeKind kind, const std::string& scratch, const std::stop_token& stop);

}  // namespace attest
