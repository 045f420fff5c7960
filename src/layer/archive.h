// SPDX-License-Identifier: Apache-2.0
#pragma once
// Archives that ADD unpacks: tar, plain or compressed with gzip, bzip2, xz or zstd, recognised by
// content and never by name.
//
//     if (layer::looks_like_archive(file.get())) layer::unpack_archive(file.get(), destination, {}, stop);
//
// A file counts as an archive when its first tar header can be read, as in BuildKit: a compressed
// file that holds no tar is an ordinary file. Unpacking joins the archive with what is there:
// directories merge, everything else is replaced; ".wh." names mean nothing here.
//
// bzip2 and xz are read through libarchive (Debian: libarchive13), loaded when first needed;
// without it unpack_archive throws and names the package.
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "layer/apply.h"

namespace layer {

/// Reads the beginning of a regular file; leaves the file position at 0.
bool looks_like_archive(int file);

struct UnpackOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct UnpackOptions {
  std::optional<UnpackOwner> owner;  ///< for all entries, in place of the archive's
  Owners owners = Owners::keep;
  Devices devices = Devices::make;
};

struct Unpacked {
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  std::vector<std::string> skipped_devices;
};

/// Unpacks below the directory `destination`, out of which no name, link or symlink leads.
Unpacked unpack_archive(int file, int destination, const UnpackOptions& options, const std::stop_token& stop);

}  // namespace layer
