// SPDX-License-Identifier: Apache-2.0
#include "layer/estargz.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "layer/blob.h"
#include "layer/compress.h"
#include "layer/estargz_toc.h"
#include "layer/tar_reader.h"
#include "layer/tar_writer.h"

namespace layer {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Bytes that do not compress to nothing.
std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : text) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

std::string small_tar() {
  StringSink bytes;
  TarWriter tar(bytes);
  tar.add({.name = "etc/",
           .type = TarType::directory,
           .mode = 0755,
           .uid = 3,
           .mtime = 1700000000,
           .mtime_nanos = 500'000'000});
  tar.add(
      {.name = "etc/motd", .mode = 0644, .size = 6, .mtime = 1700000000, .xattrs = {{"security.capability", "ab"}}});
  tar.write("hello\n");
  tar.add({.name = "etc/empty", .mode = 0600});
  tar.add({.name = "etc/link", .type = TarType::symlink, .mode = 0777, .link_name = "motd"});
  tar.add({.name = "etc/hard", .type = TarType::hard_link, .mode = 0644, .link_name = "etc/motd"});
  tar.add({.name = "null", .type = TarType::char_device, .mode = 0666, .device_major = 1, .device_minor = 3});
  tar.finish();
  return bytes.text;
}

std::string one_file(const std::string& content) {
  StringSink bytes;
  TarWriter tar(bytes);
  tar.add({.name = "big", .mode = 0644, .size = content.size()});
  tar.write(content);
  tar.add({.name = "after", .mode = 0644, .size = 3});
  tar.write("end");
  tar.finish();
  return bytes.text;
}

struct Blob {
  std::string bytes;
  WrittenLayer written;
};

Blob estargz(const std::string& tar, unsigned threads = 1, std::size_t piece = SIZE_MAX) {
  StringSink out;
  const CompressOptions options{.kind = Compression::estargz, .threads = threads};
  const auto written = write_blob(options, out, [&](Sink& sink) {
    for (std::size_t at = 0; at < tar.size(); at += std::min(piece, tar.size() - at)) {
      sink.write(std::string_view(tar).substr(at, piece));
    }
  });
  return {std::move(out.text), written};
}

std::string unpacked(std::string_view blob) {
  StringSource source(blob);
  const auto plain = make_decompressor(source);
  StringSink sink;
  copy(*plain, sink);
  return sink.text;
}

base::Fd in_memory(std::string_view bytes) {
  base::Fd file(::memfd_create("blob", MFD_CLOEXEC));
  FdSink sink(file.get());
  sink.write(bytes);
  sink.finish();
  return file;
}

/// Where the footer says that the table begins.
std::size_t toc_begin(const std::string& blob) { return std::stoull(blob.substr(blob.size() - 35, 16), nullptr, 16); }

std::string toc_text(const std::string& blob) {
  const std::string archive = unpacked(blob.substr(toc_begin(blob), blob.size() - 51 - toc_begin(blob)));
  StringSource source(archive);
  TarReader tar(source);
  const auto* entry = tar.next();
  EXPECT_EQ(entry->name, "stargz.index.json");
  return tar.read_content(kMiB);
}

/// The gzip members that begin where an entry of the table says, up to the size of the entry.
std::string content_at(const std::string& blob, const base::Json& entry, std::size_t size) {
  return unpacked(blob.substr(static_cast<std::size_t>(entry["offset"].as_int()))).substr(0, size);
}

std::string error_of(const std::string& tar) {
  try {
    estargz(tar);
    return "";
  } catch (const base::Error& error) {
    return error.message();
  }
}

TEST(Estargz, IsTheTarAndThenItsTable) {
  const std::string tar = small_tar();
  const Blob blob = estargz(tar);
  const std::string plain = unpacked(blob.bytes);
  EXPECT_EQ(plain.substr(0, tar.size()), tar);
  EXPECT_EQ(plain.substr(tar.size()), toc_archive(toc_text(blob.bytes)));
  EXPECT_EQ(blob.written.diff_id, base::sha256(plain));
  EXPECT_EQ(blob.written.uncompressed_size, plain.size());
  EXPECT_EQ(blob.written.digest, base::sha256(blob.bytes));
  EXPECT_EQ(blob.written.size, blob.bytes.size());
}

TEST(Estargz, TheTableDescribesEveryEntry) {
  const Blob blob = estargz(small_tar());
  const auto toc = base::Json::parse(toc_text(blob.bytes));
  EXPECT_EQ(toc["version"].as_int(), 1);
  std::string text;
  for (const auto& entry : toc["entries"].items()) {
    auto shown = entry;
    if (shown.contains("offset")) shown.set("offset", "here");
    text += shown.dump() + "\n";
  }
  const std::string hello = base::sha256("hello\n").str();
  EXPECT_EQ(text, R"({"name":"etc/","type":"dir","modtime":"2023-11-14T22:13:21Z","mode":493,"uid":3})"
                  "\n"
                  R"({"name":"etc/motd","type":"reg","size":6,"modtime":"2023-11-14T22:13:20Z","mode":420,)"
                  R"("xattrs":{"security.capability":"YWI="},"chunkDigest":")" +
                      hello + R"(","digest":")" + hello +
                      R"(","offset":"here"})"
                      "\n"
                      R"({"name":"etc/empty","type":"reg","mode":384,"digest":")" +
                      base::sha256("").str() +
                      "\"}\n"
                      R"({"name":"etc/link","type":"symlink","linkName":"motd","mode":511})"
                      "\n"
                      R"({"name":"etc/hard","type":"hardlink","linkName":"etc/motd","mode":420})"
                      "\n"
                      R"({"name":"null","type":"char","mode":438,"devMajor":1,"devMinor":3})"
                      "\n");
  EXPECT_EQ(content_at(blob.bytes, toc["entries"].items()[1], 6), "hello\n");
}

TEST(Estargz, LargeFilesAreCutEveryFourMebibytes) {
  const std::string content = noise(9 * kMiB);
  const Blob blob = estargz(one_file(content));
  const auto toc = base::Json::parse(toc_text(blob.bytes));
  const auto& entries = toc["entries"].items();
  ASSERT_EQ(entries.size(), 4U);
  const std::size_t offsets[] = {0, 4 * kMiB, 8 * kMiB};
  const std::int64_t sizes[] = {4 * kMiB, 4 * kMiB, 0};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto part = content.substr(offsets[i], 4 * kMiB);
    EXPECT_EQ(entries[i]["type"].as_string(), i == 0 ? "reg" : "chunk");
    EXPECT_EQ(entries[i]["name"].as_string(), "big");
    EXPECT_EQ(entries[i]["chunkOffset"].int_or(0), static_cast<std::int64_t>(offsets[i]));
    EXPECT_EQ(entries[i]["chunkSize"].int_or(0), sizes[i]);
    EXPECT_EQ(entries[i]["chunkDigest"].as_string(), base::sha256(part).str());
    EXPECT_EQ(content_at(blob.bytes, entries[i], part.size()), part);
  }
  EXPECT_EQ(entries[0]["digest"].as_string(), base::sha256(content).str());
  EXPECT_EQ(content_at(blob.bytes, entries[3], 3), "end");
}

TEST(Estargz, AFileOfExactlyOneChunkHasOne) {
  const Blob blob = estargz(one_file(noise(4 * kMiB)));
  const auto toc = base::Json::parse(toc_text(blob.bytes));
  ASSERT_EQ(toc["entries"].items().size(), 2U);
  EXPECT_FALSE(toc["entries"].items()[0].contains("chunkSize"));
}

TEST(Estargz, BytesDependOnTheTarAlone) {
  const std::string tar = one_file(noise(9 * kMiB));
  const Blob blob = estargz(tar);
  EXPECT_EQ(estargz(tar, 3).bytes, blob.bytes);
  EXPECT_EQ(estargz(tar, 2, 1000).bytes, blob.bytes);
}

TEST(Estargz, ManyHeadersInARowDoNotPileUp) {
  StringSink bytes;
  TarWriter tar(bytes);
  for (int i = 0; i < 40000; ++i) tar.add({.name = base::format("d{}/", i), .type = TarType::directory, .mode = 0755});
  tar.add({.name = "last", .mode = 0644, .size = 4});
  tar.write("last");
  tar.finish();
  const Blob blob = estargz(bytes.text);
  EXPECT_EQ(unpacked(blob.bytes).substr(0, bytes.text.size()), bytes.text);
  // The headers alone are 20 MiB: members of 8 MiB, the file, the table and the footer.
  std::size_t members = 0;
  for (auto at = blob.bytes.find("\x1f\x8b\x08"); at != blob.bytes.npos; at = blob.bytes.find("\x1f\x8b\x08", at + 1))
    ++members;
  EXPECT_GE(members, 6U);
  const auto archive =
      unpacked(blob.bytes.substr(toc_begin(blob.bytes), blob.bytes.size() - 51 - toc_begin(blob.bytes)));
  StringSource source(archive);
  TarReader reader(source);
  reader.next();
  const auto toc = base::Json::parse(reader.read_content(64 * kMiB));
  EXPECT_EQ(content_at(blob.bytes, toc["entries"].items().back(), 4), "last");
}

TEST(Estargz, WhatStandsBehindTheEndIsLeftOut) {
  const Blob once = estargz(small_tar());
  const Blob twice = estargz(unpacked(once.bytes));
  EXPECT_EQ(twice.bytes, once.bytes);
}

TEST(Estargz, AnEmptyArchiveHasAnEmptyTable) {
  const Blob blob = estargz(std::string(1024, '\0'));
  EXPECT_EQ(toc_text(blob.bytes), R"({"version":1,"entries":[]})");
}

TEST(Estargz, FindsItsTable) {
  const Blob blob = estargz(small_tar());
  const auto digest = base::sha256(toc_text(blob.bytes));
  EXPECT_EQ(find_toc(in_memory(blob.bytes).get()), digest);
}

TEST(Estargz, FindsNoTableWhereThereIsNone) {
  StringSink gzip;
  write_blob({.kind = Compression::gzip}, gzip, [](Sink& sink) { sink.write(small_tar()); });
  EXPECT_FALSE(find_toc(in_memory(gzip.text).get()));
  EXPECT_FALSE(find_toc(in_memory("").get()));
  // A footer that points at something else, behind the end, or at a tar of another name.
  EXPECT_FALSE(find_toc(in_memory(gzip.text + estargz_footer(0)).get()));
  EXPECT_FALSE(find_toc(in_memory(gzip.text + estargz_footer(1)).get()));
  EXPECT_FALSE(find_toc(in_memory(gzip.text + estargz_footer(1 << 30)).get()));
  EXPECT_FALSE(find_toc(in_memory(estargz_footer(0)).get()));
  auto torn = estargz(small_tar()).bytes;
  torn[toc_begin(torn) + 30] = static_cast<char>(torn[toc_begin(torn) + 30] ^ 1);
  EXPECT_FALSE(find_toc(in_memory(torn).get()));
}

TEST(Estargz, ReadsAsALayer) {
  const Blob blob = estargz(small_tar());
  const std::string plain = unpacked(blob.bytes);
  StringSource source(plain);
  TarReader tar(source);
  int entries = 0;
  while (tar.next() != nullptr) ++entries;
  EXPECT_EQ(entries, 6);
}

TEST(BadEstargz, NamesWhatItCannotHold) {
  StringSink bytes;
  TarWriter tar(bytes);
  tar.add({.name = "./stargz.index.json", .mode = 0644});
  tar.finish();
  EXPECT_EQ(error_of(bytes.text),
            "compression=estargz: the layer has a file /stargz.index.json, a name that the format needs for itself");
  StringSink odd;
  TarWriter names(odd);
  names.add({.name = "a\377b", .mode = 0644});
  names.finish();
  EXPECT_NE(error_of(odd.text).find("is not UTF-8"), std::string::npos);
  EXPECT_NE(error_of("no tar" + std::string(2000, 'x')).find("malformed tar"), std::string::npos);
  EXPECT_NE(error_of(small_tar().substr(0, 700)), "");
}

TEST(BadEstargz, MayBeLeftUnfinished) {
  StringSink out;
  const auto sink = make_compressor({.kind = Compression::estargz}, out);
  sink->write(small_tar().substr(0, 700));
}

}  // namespace
}  // namespace layer
