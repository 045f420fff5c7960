// SPDX-License-Identifier: Apache-2.0
#pragma once
// What reading and writing a tar have in common (POSIX pax interchange format).
#include <cstddef>
#include <cstdint>

namespace layer {

/// Headers are blocks of this size, and contents are padded to it.
constexpr std::size_t kTarBlock = 512;

/// Larger entries are taken for damage: no file system holds them.
constexpr std::uint64_t kMaxTarEntry = std::uint64_t{1} << 62;

/// Zero bytes between contents of `size` bytes and the next header.
constexpr std::uint32_t tar_padding(std::uint64_t size) {
  return static_cast<std::uint32_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

}  // namespace layer
