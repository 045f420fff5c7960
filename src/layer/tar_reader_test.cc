// SPDX-License-Identifier: Apache-2.0
#include "layer/tar_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "base/file.h"
#include "layer/pax.h"
#include "layer/tar_writer.h"

namespace layer {
namespace {

struct Member {
  TarEntry entry;
  std::string content;
};

/// Gives the text in pieces of `step` bytes, as slow pipes do.
class SlowSource final : public Source {
 public:
  SlowSource(std::string_view text, std::size_t step) : text_(text), step_(step) {}
  std::size_t read(std::span<std::byte> buffer) override {
    return text_.read(buffer.first(std::min(buffer.size(), step_)));
  }

 private:
  StringSource text_;
  std::size_t step_;
};

std::vector<Member> read_all(std::string_view tar, std::size_t step = SIZE_MAX) {
  SlowSource source(tar, step);
  TarReader reader(source);
  std::vector<Member> members;
  while (const auto* entry = reader.next()) {
    members.push_back({*entry, reader.read_content(1 << 20)});
  }
  return members;
}

std::string error_of(std::string_view tar) {
  try {
    read_all(tar);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::data_loss) << error.text();
    return error.text();
  }
  return "";
}

/// A raw header, for what the writer would never write.
std::string header(const std::string& name, char type, const std::string& size, const std::string& magic = "ustar") {
  std::string block(512, '\0');
  const auto put = [&](std::size_t offset, const std::string& text) { block.replace(offset, text.size(), text); };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, size);
  put(136, "00000000001");
  put(148, "        ");
  block[156] = type;
  put(257, magic);
  return block;
}

std::string sealed(std::string block) {
  unsigned sum = 0;
  for (const unsigned char byte : block) sum += byte;
  block.replace(148, 7, base::format("{:06o}", sum) + std::string(1, '\0'));
  return block;
}

std::string padded(std::string text) {
  text.resize((text.size() + 511) / 512 * 512);
  return text;
}

const std::string kEnd(1024, '\0');

std::string pax(const std::string& records) {
  return sealed(header("PaxHeaders/x", 'x', base::format("{:011o}", records.size()))) + padded(records);
}

TEST(TarReader, ReadsBackWhatGoWrote) {
  const auto golden = base::read_file(SLIPWAY_TESTDATA "/named.tar");
  const auto members = read_all(golden);
  ASSERT_EQ(members.size(), 21u);
  StringSink sink;
  TarWriter writer(sink);
  for (const auto& member : members) {
    writer.add(member.entry);
    writer.write(member.content);
  }
  writer.finish();
  EXPECT_EQ(sink.text, golden);
  for (const std::size_t step : {1, 511, 513}) EXPECT_EQ(read_all(golden, step).size(), members.size());
}

TEST(TarReader, ReadsGnuLongNamesAndLinks) {
  const std::string name(300, 'n');
  const std::string link(200, 'l');
  const auto tar = sealed(header("././@LongLink", 'L', base::format("{:011o}", name.size() + 1), "ustar  ")) +
                   padded(name + '\0') +
                   sealed(header("././@LongLink", 'K', base::format("{:011o}", link.size()), "ustar  ")) +
                   padded(link) + sealed(header("short", '2', "00000000000", "ustar  ")) + kEnd;
  const auto members = read_all(tar);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].entry.name, name);
  EXPECT_EQ(members[0].entry.link_name, link);
}

TEST(TarReader, ReadsBase256Numbers) {
  auto block = header("big", '2', "");
  block.replace(108, 8, std::string("\x80\0\0\0\0\x20\0\0", 8));               // uid 2097152
  block.replace(136, 12, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe");  // mtime -2
  const auto members = read_all(sealed(block) + kEnd);
  EXPECT_EQ(members[0].entry.uid, 2097152u);
  EXPECT_EQ(members[0].entry.mtime, -2);
}

TEST(TarReader, EmptyPaxValuesKeepThePlainOnesButAreAttributes) {
  const auto tar = pax(pax_record("path", "") + pax_record("SCHILY.xattr.user.overlay.origin", "")) +
                   sealed(header("plain", '0', "00000000000")) + kEnd;
  const auto members = read_all(tar);
  EXPECT_EQ(members[0].entry.name, "plain");
  EXPECT_EQ(members[0].entry.xattrs, (std::map<std::string, std::string>{{"user.overlay.origin", ""}}));
}

TEST(TarReader, GlobalHeadersDoNotChangeEntries) {
  const auto records = pax_record("comment", "0123456789") + pax_record("path", "evil");
  const auto tar = sealed(header("pax_global_header", 'g', base::format("{:011o}", records.size()))) + padded(records) +
                   sealed(header("f", '0', "00000000000")) + kEnd;
  EXPECT_EQ(read_all(tar).at(0).entry.name, "f");
}

TEST(TarReader, PrePosixNamesThatEndInASlashAreDirectories) {
  const auto members = read_all(sealed(header("d/", '\0', "00000000000", "")) + kEnd);
  EXPECT_EQ(members[0].entry.type, TarType::directory);
}

TEST(TarReader, AcceptsArchivesWithoutAnEndMark) {
  EXPECT_EQ(read_all(sealed(header("f", '0', "00000000003")) + "abc").at(0).content, "abc");
  EXPECT_EQ(read_all("").size(), 0u);
}

TEST(TarReader, RefusesZerosAmongTheEntries) {
  const auto entry = sealed(header("f", '0', "00000000000"));
  EXPECT_NE(error_of(entry + std::string(512, '\0') + entry + kEnd), "");
  EXPECT_EQ(read_all(entry + std::string(512, '\0')).size(), 1u);
}

TEST(TarReader, IgnoresWhatFollowsTheEnd) {
  EXPECT_EQ(read_all(sealed(header("f", '0', "00000000000")) + kEnd + "garbage").size(), 1u);
}

TEST(TarReader, ReadsOldGnuSparseFiles) {
  auto block = header("s", 'S', "00000000006", "ustar  ");
  block.replace(386, 48,
                std::string("00000000002\0"
                            "00000000003\0"
                            "00000000010\0"
                            "00000000003\0",
                            48));
  block.replace(483, 11, "00000000014");
  const auto members = read_all(sealed(block) + padded("abcdef") + kEnd);
  EXPECT_EQ(members[0].content, std::string("\0\0abc\0\0\0def\0", 12));
  EXPECT_EQ(members[0].entry.size, 12u);
}

TEST(TarReader, ReadsPaxSparseFilesOfAllVersions) {
  const std::string want("\0\0abc\0\0\0def\0", 12);
  const auto old = pax(pax_record("GNU.sparse.size", "12") + pax_record("GNU.sparse.numblocks", "2") +
                       pax_record("GNU.sparse.offset", "2") + pax_record("GNU.sparse.numbytes", "3") +
                       pax_record("GNU.sparse.offset", "8") + pax_record("GNU.sparse.numbytes", "3"));
  const auto middle = pax(pax_record("GNU.sparse.size", "12") + pax_record("GNU.sparse.map", "2,3,8,3") +
                          pax_record("GNU.sparse.name", "real"));
  const auto body = sealed(header("s", '0', "00000000006")) + padded("abcdef") + kEnd;
  EXPECT_EQ(read_all(old + body).at(0).content, want);
  EXPECT_EQ(read_all(middle + body).at(0).content, want);
  EXPECT_EQ(read_all(middle + body).at(0).entry.name, "real");

  const auto newest = pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                          pax_record("GNU.sparse.name", "real") + pax_record("GNU.sparse.realsize", "12"));
  const auto tar = newest + sealed(header("s", '0', base::format("{:011o}", 512 + 6))) +
                   padded("3\n2\n3\n5\n0\n8\n3\n") + padded("abcdef") + kEnd;
  const auto members = read_all(tar);
  EXPECT_EQ(members[0].entry.name, "real");
  EXPECT_EQ(members[0].content, want);
}

TEST(TarReader, RefusesLyingSparseMaps) {
  const auto with = [](const std::string& map, const std::string& size) {
    return pax(pax_record("GNU.sparse.size", size) + pax_record("GNU.sparse.map", map)) +
           sealed(header("s", '0', "00000000006")) + padded("abcdef") + kEnd;
  };
  for (const auto* map : {"2,3", "2,3,8,4", "8,3,2,3", "2,3,4,3", "2,3,10,3", "2,3,8", "2,-3,8,3",
                          "9223372036854775807,6", "0,9223372036854775807"}) {
    EXPECT_NE(error_of(with(map, "12")), "") << map;
  }
  EXPECT_NE(error_of(with("2,3,8,3", "x")), "");
  EXPECT_NE(error_of(with("2,3,8,3", "9223372036854775807")), "");
}

TEST(TarReader, RefusesBrokenPaxRecords) {
  for (const auto* records : {"5 a=b\n", "7 a=b\n", "99 a=b\n", "6 =ab\n", "6 abc\n", "a=b\n", "-6 a=b\n", "0 \n",
                              "3 \n", "18446744073709551615 a=b\n", "6 a=bX"}) {
    EXPECT_NE(error_of(pax(records) + sealed(header("f", '0', "00000000000")) + kEnd), "") << records;
  }
  EXPECT_NE(error_of(pax(pax_record("path", std::string("a\0b", 3))) + sealed(header("f", '0', "0")) + kEnd), "");
  EXPECT_NE(error_of(pax(pax_record("size", "-1")) + sealed(header("f", '0', "0")) + kEnd), "");
  EXPECT_NE(error_of(pax(pax_record("mtime", "soon")) + sealed(header("f", '0', "0")) + kEnd), "");
}

TEST(TarReader, TellsWhereATruncatedArchiveEnds) {
  const auto tar = sealed(header("file", '0', "00000001000")) + std::string(100, 'x');
  EXPECT_EQ(error_of(tar),
            "malformed tar at byte 0 (near \"file\"): it ends in the middle of this file's content; "
            "the archive is truncated");
  EXPECT_NE(error_of(std::string_view(tar).substr(0, 300)).find("middle of a header"), std::string::npos);
  EXPECT_NE(error_of(pax("6 a=b\n").substr(0, 514)), "");
  EXPECT_NE(error_of(pax("6 a=b\n")), "");
}

TEST(TarReader, RefusesGiantAndNegativeSizes) {
  EXPECT_NE(error_of(sealed(header("L", 'L', "77777777777", "ustar  ")) + kEnd).find("1 MiB"), std::string::npos);
  auto negative = header("f", '0', "");
  negative.replace(124, 12, std::string(12, '\xff'));
  EXPECT_NE(error_of(sealed(negative) + kEnd), "");
  auto giant = header("f", '0', "");
  giant.replace(124, 12, "\x80" + std::string(3, '\0') + std::string(8, '\x7f'));
  EXPECT_NE(error_of(sealed(giant) + kEnd), "");
}

TEST(TarReader, RefusesUnknownTypesAndBadChecksums) {
  EXPECT_NE(error_of(sealed(header("f", 'Q', "0")) + kEnd).find("unknown entry type"), std::string::npos);
  auto damaged = sealed(header("f", '0', "0"));
  damaged[0] = 'g';
  EXPECT_NE(error_of(damaged + kEnd).find("checksum"), std::string::npos);
  EXPECT_NE(error_of(std::string(2048, 'x')), "");
}

TEST(TarReader, DamagedArchivesNeverDoMoreThanThrow) {
  const auto golden = base::read_file(SLIPWAY_TESTDATA "/named.tar");
  std::mt19937 random(7);  // fixed, so that a failure can be repeated
  for (int round = 0; round < 3000; ++round) {
    auto tar = golden.substr(0, random() % golden.size());
    for (int i = 0; i < 4 && !tar.empty(); ++i) tar[random() % tar.size()] = static_cast<char>(random());
    // A header that stays valid, so that the damage is met behind the checksum.
    for (std::size_t at = 0; at + 512 <= tar.size(); at += 512) {
      if (tar.compare(at + 257, 5, "ustar") == 0 && random() % 2 == 0) {
        tar.replace(at + 148, 8, "        ");
        tar.replace(at, 512, sealed(tar.substr(at, 512)));
      }
    }
    try {
      read_all(tar, 1 + random() % 2000);
    } catch (const base::Error&) {
    }
  }
}

TEST(PaxTime, CountsDownwardsBefore1970) {
  EXPECT_EQ(parse_pax_time("1.5"), (PaxTime{1, 500000000}));
  EXPECT_EQ(parse_pax_time("-1.25"), (PaxTime{-2, 750000000}));
  EXPECT_EQ(parse_pax_time("-0.5"), (PaxTime{-1, 500000000}));
  EXPECT_EQ(parse_pax_time("1.1234567899"), (PaxTime{1, 123456789}));
  EXPECT_EQ(parse_pax_time("1."), (PaxTime{1, 0}));
  for (const auto* text : {"", ".5", "1.x", "x", "1e9", "99999999999999999999"})
    EXPECT_FALSE(parse_pax_time(text)) << text;
}

}  // namespace
}  // namespace layer
