// SPDX-License-Identifier: Apache-2.0
#include "cache/chunks.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/digest.h"
#include "base/file.h"

namespace cache {
namespace {

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::string> chunks_of(const std::string& bytes) {
  const base::TemporaryDirectory room;
  base::write_file_atomic(room.path() + "/file", bytes);
  const base::Fd file = base::open_file(room.path() + "/file", 0);
  std::vector<std::string> chunks;
  each_chunk(file.get(), [&](std::string_view chunk) { chunks.emplace_back(chunk); }, {});
  return chunks;
}

TEST(Chunks, MakeUpTheFile) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kLeastChunk, kMostChunk + 1, std::size_t{20} << 20}) {
    const std::string bytes = random_bytes(size, 1);
    std::string joined;
    const auto chunks = chunks_of(bytes);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      EXPECT_LE(chunks[i].size(), kMostChunk);
      if (i + 1 < chunks.size()) EXPECT_GE(chunks[i].size(), kLeastChunk);
      joined += chunks[i];
    }
    EXPECT_EQ(joined == bytes, true) << size;
  }
  EXPECT_EQ(chunks_of(std::string(std::size_t{9} << 20, '\0')).size(), 3U) << "nothing to end at: the most";
}

TEST(Chunks, AChangeInOnePlaceLeavesTheOthers) {
  const std::string before = random_bytes(std::size_t{30} << 20, 2);
  std::string after = before;
  after.insert(std::size_t{10} << 20, "something new");
  std::set<base::Digest> known;
  for (const auto& chunk : chunks_of(before)) known.insert(base::sha256(chunk));
  std::size_t fresh = 0;
  const auto chunks = chunks_of(after);
  for (const auto& chunk : chunks) fresh += known.contains(base::sha256(chunk)) ? 0 : 1;
  EXPECT_GT(chunks.size(), 12U);
  EXPECT_LE(fresh, 2U);
}

TEST(Chunks, EndWhereTheyAlwaysDid) {
  // Other ends would be another format: what registries have would be of no use.
  const std::string bytes = random_bytes(std::size_t{4} << 20, 3);
  EXPECT_EQ(first_chunk(bytes), first_chunk(bytes.substr(0, first_chunk(bytes) + 100)));
}

}  // namespace
}  // namespace cache
