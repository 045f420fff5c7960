// SPDX-License-Identifier: Apache-2.0
#include "layer/tar_writer.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/strings.h"

namespace layer {
namespace {

std::string repeat(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

struct Named {
  TarEntry entry;
  std::string content;
};

/// The entries of testdata/make_goldens.go, in its order.
std::vector<Named> named_entries() {
  const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00", 12);
  return {
      {{.name = "plain", .mode = 0644, .size = 6, .mtime = 1700000000}, "hello\n"},
      {{.name = "etc/", .type = TarType::directory, .mode = 01777, .uid = 1000, .gid = 50, .mtime = 1700000001}, ""},
      {{.name = "etc/link", .type = TarType::symlink, .mode = 0777, .mtime = 5, .link_name = "../target"}, ""},
      {{.name = "etc/hard", .type = TarType::hard_link, .mode = 0644, .mtime = 1700000000, .link_name = "plain"}, ""},
      {{.name = "dev/sda",
        .type = TarType::block_device,
        .mode = 0660,
        .mtime = 7,
        .device_major = 8,
        .device_minor = 1048575},
       ""},
      {{.name = "dev/null",
        .type = TarType::char_device,
        .mode = 0666,
        .mtime = 7,
        .device_major = 1,
        .device_minor = 3},
       ""},
      {{.name = "run/fifo", .type = TarType::fifo, .mode = 0600, .mtime = 7}, ""},
      {{.name = "bin/ping",
        .mode = 04755,
        .size = 3,
        .mtime = 1700000000,
        .xattrs = {{"security.capability", capability}}},
       "elf"},
      {{.name = "etc/dir-with-attribute/",
        .type = TarType::directory,
        .mode = 0755,
        .mtime = 9,
        .xattrs = {{"security.b", "2"}, {"security.a", ""}}},
       ""},
      {{.name = "caf\xc3\xa9/na\xc3\xafve.txt", .mode = 0644, .mtime = 9}, ""},
      {{.name = "bad-\xff\xfe-utf8", .mode = 0644, .mtime = 9}, ""},
      {{.name = "etc/long-link",
        .type = TarType::symlink,
        .mode = 0777,
        .mtime = 9,
        .link_name = repeat("t/", 60) + "end"},
       ""},
      {{.name = "owner-beyond-octal", .mode = 0644, .uid = 2097152, .gid = 4294967294, .mtime = 9}, ""},
      {{.name = "before-1970", .mode = 0644, .mtime = -1}, ""},
      {{.name = "after-2242", .mode = 0644, .mtime = 8589934592}, ""},
      {{.name = "fraction", .mode = 0644, .mtime = 1700000000, .mtime_nanos = 123456000}, ""},
      {{.name = "negative-fraction", .mode = 0644, .mtime = -2, .mtime_nanos = 750000000}, ""},
      {{.name = "named-owner", .mode = 0644, .mtime = 9, .user_name = "caf\xc3\xa9", .group_name = repeat("g", 40)},
       ""},
      {{.name = repeat("d/", 60) + "split-and-attribute",
        .mode = 0644,
        .mtime = 9,
        .xattrs = {{"security.capability", "x"}}},
       ""},
      {{.name = "etc/.wh.gone"}, ""},
      {{.name = "two-blocks", .mode = 0644, .size = 513, .mtime = 9}, repeat("z", 513)},
  };
}

TEST(TarWriter, WritesTheBytesOfGosArchiveTar) {
  StringSink sink;
  TarWriter tar(sink);
  for (const auto& [entry, content] : named_entries()) {
    tar.add(entry);
    tar.write(content);
  }
  tar.finish();
  const auto golden = base::read_file(SLIPWAY_TESTDATA "/named.tar");
  ASSERT_EQ(sink.text.size(), golden.size());
  for (std::size_t block = 0; block < golden.size(); block += 512) {
    ASSERT_EQ(sink.text.substr(block, 512), golden.substr(block, 512)) << "block " << block / 512;
  }
}

TEST(TarWriter, SplitsAndExtendsNamesOfEveryLengthAsGoDoes) {
  StringSink sink;
  TarWriter tar(sink);
  for (std::size_t step = 7; step <= 180; step += 13) {
    for (std::size_t length = 80; length <= 300; ++length) {
      std::string name(length, 'n');
      for (auto i = step; i < length; i += step) name[i] = '/';
      const auto type = name.back() == '/' ? TarType::directory : TarType::file;
      tar.add({.name = name, .type = type, .mode = 0644, .mtime = 1});
    }
  }
  tar.finish();
  const auto golden = base::read_file(SLIPWAY_TESTDATA "/lengths.sha256");
  EXPECT_EQ(base::sha256(sink.text).str(), base::trim(golden));
}

TEST(TarWriter, GivesSizesBeyondEightGibibytesAPaxRecord) {
  StringSink sink;
  TarWriter tar(sink);
  tar.add({.name = "huge", .mode = 0644, .size = 8589934592, .mtime = 1});
  EXPECT_EQ(sink.text.substr(512, 19), "19 size=8589934592\n");
  EXPECT_EQ(sink.text.substr(1024 + 124, 12), std::string("00000000000\0", 12));
}

TEST(TarWriter, EndsWithTwoZeroBlocksAndNoRecordPadding) {
  StringSink sink;
  TarWriter tar(sink);
  tar.finish();
  EXPECT_EQ(sink.text, std::string(1024, '\0'));
}

TEST(TarWriter, RefusesWhatNoTarCanHold) {
  StringSink sink;
  TarWriter tar(sink);
  EXPECT_THROW(tar.add({.name = ""}), base::Error);
  EXPECT_THROW(tar.add({.name = "file/"}), base::Error);
  EXPECT_THROW(tar.add({.name = std::string("a\0b", 3)}), base::Error);
  EXPECT_THROW(tar.add({.name = "f", .xattrs = {{"a=b", "1"}}}), base::Error);
  EXPECT_THROW(tar.add({.name = "d/", .type = TarType::directory, .size = 1}), base::Error);
  EXPECT_TRUE(sink.text.empty());
}

TEST(TarWriter, NoticesContentThatIsTooLongOrTooShort) {
  StringSink sink;
  TarWriter tar(sink);
  tar.add({.name = "f", .size = 3});
  EXPECT_THROW(tar.write("four"), base::Error);
  tar.write("tw");
  EXPECT_THROW(tar.finish(), base::Error);
}

TEST(PaxRecord, CountsItsOwnLength) {
  EXPECT_EQ(pax_record("k", "v"), "6 k=v\n");
  EXPECT_EQ(pax_record("k", std::string(93, 'v')).substr(0, 5), "99 k=");
  EXPECT_EQ(pax_record("k", std::string(94, 'v')).substr(0, 6), "101 k=");
  EXPECT_EQ(pax_record("k", "").size(), 5u);
}

}  // namespace
}  // namespace layer
