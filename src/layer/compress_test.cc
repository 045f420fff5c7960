// SPDX-License-Identifier: Apache-2.0
#include "layer/compress.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "base/subprocess.h"
#include "layer/blob.h"

namespace layer {
namespace {

/// Some megabytes that compress a little, the same on every run.
const std::string& sample() {
  static const std::string text = [] {
    std::mt19937 random(1);
    std::string result;
    while (result.size() < 6'300'000) {
      result += base::format("{} {:x}\n", random() % 1000, random() % 97);
    }
    return result;
  }();
  return text;
}

std::string compress(std::string_view text, const CompressOptions& options, std::size_t piece = 100'000) {
  StringSink sink;
  const auto compressor = make_compressor(options, sink);
  for (std::size_t at = 0; at < text.size(); at += piece) compressor->write(text.substr(at, piece));
  compressor->finish();
  return sink.text;
}

std::string decompress(std::string_view bytes) {
  StringSource source(bytes);
  const auto plain = make_decompressor(source);
  StringSink sink;
  copy(*plain, sink);
  return sink.text;
}

std::string error_of(std::string_view bytes) {
  try {
    decompress(bytes);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss);
    return error.text();
  }
  return "";
}

class CompressionTest : public ::testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Kinds, CompressionTest,
                         ::testing::Values(Compression::none, Compression::gzip, Compression::zstd),
                         [](const auto& kind) { return std::string(compression_name(kind.param)); });

TEST_P(CompressionTest, ReadsBackWhatItWrote) {
  for (const auto size : {std::size_t{0}, std::size_t{1}, std::size_t{1 << 20}, sample().size()}) {
    const auto text = std::string_view(sample()).substr(0, size);
    EXPECT_TRUE(decompress(compress(text, {.kind = GetParam()})) == text) << size;
  }
}

TEST_P(CompressionTest, TheBytesDependOnNeitherThreadsNorPieces) {
  const auto one = compress(sample(), {.kind = GetParam(), .threads = 1}, sample().size());
  EXPECT_TRUE(compress(sample(), {.kind = GetParam(), .threads = 1}, 7777) == one);
  EXPECT_TRUE(compress(sample(), {.kind = GetParam(), .threads = 2}, 1 << 20) == one);
  EXPECT_TRUE(compress(sample(), {.kind = GetParam(), .threads = 5}, 3'000'000) == one);
}

TEST_P(CompressionTest, LevelsDifferAndOthersAreRefused) {
  if (GetParam() == Compression::none) GTEST_SKIP() << "has no levels";
  const auto text = std::string_view(sample()).substr(0, 300'000);
  EXPECT_LT(compress(text, {.kind = GetParam(), .level = 9}).size(),
            compress(text, {.kind = GetParam(), .level = 1}).size());
  EXPECT_THROW(compress("", {.kind = GetParam(), .level = 23}), base::Error);
  EXPECT_THROW(compress("", {.kind = GetParam(), .level = -2}), base::Error);
  EXPECT_NE(encoder_name(GetParam(), 1), encoder_name(GetParam(), kDefaultLevel));
}

TEST_P(CompressionTest, NoticesTruncatedAndDamagedData) {
  if (GetParam() == Compression::none) GTEST_SKIP() << "cannot notice";
  const auto good = compress(sample(), {.kind = GetParam(), .level = 1});
  for (const auto cut : {std::size_t{1}, std::size_t{7}, good.size() / 2, good.size() - 5}) {
    EXPECT_NE(error_of(good.substr(0, good.size() - cut)), "") << cut;
  }
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    auto bad = good.substr(0, 30'000);
    bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
    error_of(bad);  // must end; the content is checked by digests
  }
}

TEST_P(CompressionTest, BlobsHaveBothDigests) {
  StringSink sink;
  const auto written = write_blob({.kind = GetParam()}, sink, [](Sink& tar) { tar.write(sample()); });
  EXPECT_EQ(written.diff_id, base::sha256(sample()));
  EXPECT_EQ(written.uncompressed_size, sample().size());
  EXPECT_EQ(written.digest, base::sha256(sink.text));
  EXPECT_EQ(written.size, sink.text.size());

  StringSource source(sink.text);
  StringSink again;
  const auto other = recompress(source, {.kind = Compression::zstd}, again);
  EXPECT_EQ(other.diff_id, written.diff_id);
  EXPECT_EQ(sniff_compression(std::as_bytes(std::span(again.text))), Compression::zstd);
}

TEST(Gzip, OtherProgramsReadOurMembers) {
  const auto bytes = compress(sample(), {.kind = Compression::gzip});
  if (!base::find_program("gzip")) GTEST_SKIP() << "gzip is not installed";
  EXPECT_TRUE(base::run_collect({.argv = {"gzip", "-dc"}, .environment = {}}, bytes).out == sample());
}

TEST(Gzip, JoinsMembersAndAllowsOnlyZerosBehindThem) {
  const auto a = compress("one ", {.kind = Compression::gzip});
  const auto b = compress("two", {.kind = Compression::gzip});
  EXPECT_EQ(decompress(a + b), "one two");
  EXPECT_EQ(decompress(a + b + std::string(1000, '\0')), "one two");
  EXPECT_EQ(error_of(a + "garbage"), "decompress gzip: something else follows the data");
  EXPECT_NE(error_of(a + b.substr(0, 5)), "");
}

TEST(Zstd, JoinsFramesAndSkipsSkippableOnes) {
  const auto a = compress("one ", {.kind = Compression::zstd});
  const auto b = compress("two", {.kind = Compression::zstd});
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(decompress(skippable + a + skippable + b), "one two");
  EXPECT_NE(error_of(a + "garbage"), "");
}

TEST(Compression, NamesAndMediaTypes) {
  EXPECT_EQ(parse_compression("gzip"), Compression::gzip);
  EXPECT_EQ(parse_compression("uncompressed"), Compression::none);
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    for (const auto style : {MediaTypes::oci, MediaTypes::docker}) {
      EXPECT_EQ(compression_of_media_type(layer_media_type(kind, style)), kind);
    }
  }
  EXPECT_EQ(parse_compression("estargz"), Compression::estargz);
  EXPECT_EQ(layer_media_type(Compression::estargz), layer_media_type(Compression::gzip));
  EXPECT_EQ(layer_media_type(Compression::gzip), "application/vnd.oci.image.layer.v1.tar+gzip");
  EXPECT_FALSE(compression_of_media_type("application/vnd.in-toto+json"));
}

TEST(Sniffing, ShortInputIsPlain) {
  EXPECT_EQ(decompress(""), "");
  EXPECT_EQ(decompress("\x1f"), "\x1f");
  EXPECT_EQ(decompress("abc"), "abc");
}

}  // namespace
}  // namespace layer
