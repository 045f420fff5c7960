// SPDX-License-Identifier: Apache-2.0
#pragma once
// Long files in chunks whose ends follow from the content: a file that changed in one place has all other chunks as
// before, so that a registry already has them.
//
//     cache::each_chunk(file, [&](std::string_view bytes) { … });       // in order, 256 KiB to 4 MiB each, about 1 MiB
//
// A chunk ends where a rolling hash over the last bytes (a gear hash: one table look-up and a shift a byte) has twenty
// zero bits. The table is part of the format: other ends would make other chunks.
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string_view>

namespace cache {

inline constexpr std::size_t kLeastChunk = std::size_t{256} << 10;
inline constexpr std::size_t kMostChunk = std::size_t{4} << 20;

/// Reads from the file's position to its end.
void each_chunk(int file, const std::function<void(std::string_view bytes)>& use, const std::stop_token& stop);

/// How many of the bytes the first chunk has; all of them when it does not end in them.
std::size_t first_chunk(std::string_view bytes);

}  // namespace cache
