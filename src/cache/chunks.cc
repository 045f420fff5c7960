// SPDX-License-Identifier: Apache-2.0
#include "cache/chunks.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/digest.h"
#include "base/file.h"
#include "base/task.h"

namespace cache {
namespace {

constexpr std::uint64_t kEnd = ((std::uint64_t{1} << 20) - 1) << 40;  // the high bits have seen the most bytes

const std::array<std::uint64_t, 256>& gears() {
  static const auto table = [] {
    std::array<std::uint64_t, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
      const auto digest = base::sha256("slipway gear " + std::to_string(i));
      for (std::size_t k = 0; k < sizeof(std::uint64_t); ++k) made[i] = (made[i] << 8) | digest.bytes()[k];
    }
    return made;
  }();
  return table;
}

}  // namespace

std::size_t first_chunk(std::string_view bytes) {
  const auto& table = gears();
  const std::size_t most = std::min(bytes.size(), kMostChunk);
  std::uint64_t hash = 0;
  // Nothing beyond the last 64 bytes is left in the hash: what comes before them need not be looked at.
  for (std::size_t i = std::min(most, kLeastChunk - 64); i < most; ++i) {
    hash = (hash << 1) + table[static_cast<unsigned char>(bytes[i])];
    if (i + 1 >= kLeastChunk && (hash & kEnd) == 0) return i + 1;
  }
  return most;
}

void each_chunk(int file, const std::function<void(std::string_view bytes)>& use, const std::stop_token& stop) {
  std::string buffer;
  bool at_end = false;
  for (;;) {
    base::throw_if_stopped(stop);
    while (!at_end && buffer.size() < kMostChunk) {
      const std::size_t before = buffer.size();
      buffer.resize(kMostChunk);
      const std::size_t got = base::read_up_to(file, buffer.data() + before, kMostChunk - before);
      buffer.resize(before + got);
      at_end = got < kMostChunk - before;
    }
    if (buffer.empty()) return;
    const std::size_t size = first_chunk(buffer);
    use(std::string_view(buffer).substr(0, size));
    buffer.erase(0, size);
  }
}

}  // namespace cache
