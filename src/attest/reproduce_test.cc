// SPDX-License-Identifier: Apache-2.0
#include "attest/reproduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "layer/compress.h"
#include "layer/tar_writer.h"

namespace attest {
namespace {

class TextSource final : public layer::Source {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t size = std::min(buffer.size(), text_.size() - at_);
    std::memcpy(buffer.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

struct File {
  std::string name, text;
  std::uint32_t mode = 0644;
  std::int64_t mtime = 7;
};

OpenLayer layer_of(const std::vector<File>& files) {
  layer::StringSink sink;
  layer::TarWriter tar(sink);
  for (const auto& file : files) {
    tar.add({.name = file.name, .mode = file.mode, .size = file.text.size(), .mtime = file.mtime});
    tar.write(file.text);
  }
  tar.finish();
  return [text = sink.text] { return std::make_unique<TextSource>(text); };
}

TEST(Reproduce, EqualLayersHaveNoDifference) {
  EXPECT_TRUE(compare_layers(layer_of({{"a", "x"}}), layer_of({{"a", "x"}})).empty());
}

TEST(Reproduce, NamesFilesOffsetsAndAttributes) {
  const auto found = compare_layers(
      layer_of({{"a", "same start 1"}, {"gone", ""}, {"m", "x", 0600}, {"t", "x", 0644, 1}, {"tmp.AbC12x", "x"}}),
      layer_of({{"a", "same start 2"}, {"m", "x", 0644}, {"t", "x", 0644, 2}, {"tmp.Zz9yQw", "x"}, {"new", ""}}));
  std::map<std::string, Difference> by_path;
  for (const auto& difference : found) by_path[difference.path] = difference;
  EXPECT_EQ(by_path.size(), 6U);
  EXPECT_EQ(by_path["a"].offset, 11U);
  EXPECT_EQ(by_path["gone"].what, "only in the first build");
  EXPECT_EQ(by_path["new"].what, "only in the second build");
  EXPECT_EQ(by_path["m"].what, "mode 0600 and 0644");
  EXPECT_THAT(by_path["t"].cause, testing::HasSubstr("time of the build"));
  EXPECT_THAT(by_path["tmp.AbC12x"].what, testing::HasSubstr("called tmp.Zz9yQw"));
  EXPECT_THAT(by_path["tmp.AbC12x"].cause, testing::HasSubstr("drawn by lot"));
}

std::string cause(const std::string& path, const std::string& a, const std::string& b) {
  std::uint64_t at = 0;
  while (at < std::min(a.size(), b.size()) && a[at] == b[at]) ++at;
  return usual_cause(path, a, b, at).cause;
}

std::string packed(const std::string& text, layer::Compression kind = layer::Compression::gzip, int level = 6) {
  layer::StringSink sink;
  const auto compressor = layer::make_compressor({.kind = kind, .level = level}, sink);
  compressor->write(std::as_bytes(std::span(text)));
  compressor->finish();
  return sink.text;
}

TEST(Reproduce, LooksIntoWhatIsPacked) {
  std::string tar(512, 'x');
  tar.replace(257, 5, "ustar");
  std::string later = tar;
  later[140] = 'y';
  EXPECT_EQ(cause("a.tar.gz", packed(tar), packed(later)), "a tar archive keeps times and order");
  EXPECT_EQ(cause("a.tar.zst", packed(tar, layer::Compression::zstd), packed(later, layer::Compression::zstd)),
            "a tar archive keeps times and order");
  EXPECT_EQ(cause("log.gz", packed("built 2026-11-28 10:00:01\n"), packed("built 2026-11-28 10:00:03\n")),
            "the time of the build");
  const std::string text(5000, 'q');
  EXPECT_EQ(cause("x.gz", packed(text, layer::Compression::gzip, 0), packed(text, layer::Compression::gzip, 9)),
            "the same content, packed differently");
  // Cut off, or no gzip but by its first bytes: what the bytes themselves say.
  EXPECT_EQ(cause("x.gz", "\x1f\x8b\x08 nothing qwxyz", "\x1f\x8b\x08 nothing asdfg"),
            "random or machine-dependent bytes");
}

TEST(Reproduce, KnowsTheUsualCauses) {
  EXPECT_EQ(cause("x", "built 2026-11-28 10:00:01\n", "built 2026-11-28 10:00:03\n"), "the time of the build");
  EXPECT_EQ(cause("x", "Sat Nov 28 10:00:01 UTC 2026\n", "Sat Nov 28 10:00:03 UTC 2026\n"), "the time of the build");
  EXPECT_EQ(cause("x", "stamp=1764324001\n", "stamp=1764324003\n"), "the time of the build");
  EXPECT_EQ(cause("x", "id 123e4567-e89b-12d3-a456-426614174000", "id 923e4567-e89b-12d3-a456-426614174000"),
            "a random identifier");
  EXPECT_EQ(cause("x", "host=first-build\n", "host=second-build\n"), "the name of the machine");
  EXPECT_EQ(cause("x", "a\nb\nc\n", "b\na\nc\n"), "the order of the same lines");
  EXPECT_EQ(cause("x", "jobs=8\n", "jobs=1\n"), "a small number, as the count of processors");
  EXPECT_EQ(cause("a.gz", std::string("\x1f\x8b\x08\0", 4) + "AAAA", std::string("\x1f\x8b\x08\0", 4) + "BAAA"),
            "gzip keeps the time of the file it packed");
  EXPECT_EQ(cause("lib.a", "!<arch>\n1", "!<arch>\n2"), "an ar archive keeps times and owners");
  EXPECT_EQ(cause("var/log/x", "qwxyz", "asdfg"), "a log");
  EXPECT_EQ(cause("root/.cache/x", "qwxyz", "asdfg"), "a cache");
  EXPECT_THAT(cause("x", "\x91\xa2", "\x11\x22"), testing::StartsWith("random"));
}

}  // namespace
}  // namespace attest
