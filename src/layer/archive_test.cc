// SPDX-License-Identifier: Apache-2.0
#include "layer/archive.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "layer/compress.h"
#include "layer/testing/tar_builder.h"

namespace layer {
namespace {

using testing::describe_tree;
using testing::TarBuilder;
using Lines = std::vector<std::string>;

class ArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for owners";
    base::make_directories(destination());
  }

  std::string destination() const { return room_.path() + "/destination"; }

  base::Fd file(const std::string& bytes) {
    const auto path = base::format("{}/{}", room_.path(), files_++);
    base::write_file_atomic(path, bytes);
    return base::open_file(path, O_RDONLY);
  }

  Unpacked unpack(const std::string& bytes, const UnpackOptions& options = {}) {
    const auto archive = file(bytes);
    EXPECT_TRUE(looks_like_archive(archive.get()));
    return unpack_archive(archive.get(), base::open_directory(destination()).get(), options, {});
  }

  static std::string compressed(const std::string& bytes, Compression kind) {
    StringSink sink;
    const auto compressor = make_compressor({.kind = kind}, sink);
    compressor->write(bytes);
    compressor->finish();
    return sink.text;
  }

  base::TemporaryDirectory room_;
  int files_ = 0;
};

TEST_F(ArchiveTest, KnowsArchivesByTheirContentAlone) {
  const auto tar = TarBuilder().file("f", "x").end();
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    EXPECT_TRUE(looks_like_archive(file(compressed(tar, kind)).get()));
    EXPECT_FALSE(looks_like_archive(file(compressed("just text", kind)).get()));
    EXPECT_FALSE(looks_like_archive(file(compressed(std::string(5000, 'x'), kind)).get()));
  }
  EXPECT_FALSE(looks_like_archive(file("").get()));
  EXPECT_FALSE(looks_like_archive(file("\x1f\x8b\x08 but no gzip").get()));
  EXPECT_FALSE(looks_like_archive(file(TarBuilder().end()).get()));
  EXPECT_FALSE(looks_like_archive(base::open_directory(destination()).get()));
}

TEST_F(ArchiveTest, UnpacksBzip2AndXz) {
  const auto tar = TarBuilder().file("f", std::string(300000, 'x')).end();
  for (const auto* program : {"bzip2", "xz"}) {
    if (!base::find_program(program)) GTEST_SKIP() << program << " is not installed";
    const auto bytes = base::run_collect({.argv = {program, "-c"}, .environment = {}}, tar).out;
    try {
      EXPECT_EQ(unpack(bytes).file_bytes, 300000u);
    } catch (const base::Error& error) {
      if (error.code() == base::Code::unavailable) GTEST_SKIP() << error.text();
      throw;
    }
    EXPECT_FALSE(looks_like_archive(file(bytes.substr(0, 20)).get()));
  }
}

TEST_F(ArchiveTest, JoinsWithWhatIsThere) {
  base::make_directories(destination() + "/d/kept");
  base::write_file_atomic(destination() + "/d/old", "old");
  base::write_file_atomic(destination() + "/file", "old");
  base::make_directories(destination() + "/replaced/inner");
  unpack(TarBuilder().dir("d/", 0711).file("d/old", "new").dir("file/").file("replaced", "now a file").end());
  EXPECT_EQ(describe_tree(destination()), (Lines{"d dir 711", "d/kept dir 755", "d/old file 644 = new", "file dir 755",
                                                 "replaced file 644 = now a file"}));
}

TEST_F(ArchiveTest, ChownReplacesAllOwners) {
  unpack(TarBuilder().add({.name = "f", .mode = 04755, .uid = 1, .gid = 2}).file("made/g").end(),
         {.owner = UnpackOwner{.uid = 1000, .gid = 50}});
  const auto status = base::lstat_if_exists(destination() + "/f").value();
  EXPECT_EQ(status.st_uid, 1000u);
  EXPECT_EQ(status.st_gid, 50u);
  EXPECT_EQ(status.st_mode & 07777, 04755u);
  EXPECT_EQ(base::lstat_if_exists(destination() + "/made")->st_uid, 0u);
}

TEST_F(ArchiveTest, WhiteoutNamesMeanNothing) {
  base::write_file_atomic(destination() + "/x", "kept");
  unpack(TarBuilder().file(".wh.x").file(".wh..wh..opq").end());
  EXPECT_EQ(describe_tree(destination()),
            (Lines{".wh..wh..opq file 644 = ", ".wh.x file 644 = ", "x file 644 = kept"}));
}

TEST_F(ArchiveTest, NothingLeadsOutOfTheDestination) {
  base::make_directories(room_.path() + "/outside");
  ASSERT_EQ(::symlink((room_.path() + "/outside").c_str(), (destination() + "/trap").c_str()), 0);
  unpack(TarBuilder().file("../../up", "1").file("/abs", "2").file("trap/caught", "3").end());
  EXPECT_TRUE(base::list_directory(room_.path() + "/outside").empty());
  EXPECT_EQ(base::read_file(destination() + "/up"), "1");
  EXPECT_EQ(base::read_file(destination() + "/abs"), "2");
  EXPECT_EQ(base::read_file(destination() + room_.path() + "/outside/caught"), "3");
}

TEST_F(ArchiveTest, ATruncatedArchiveFails) {
  const auto tar = TarBuilder().file("f", std::string(100000, 'x')).end();
  EXPECT_THROW(unpack(tar.substr(0, 50000)), base::Error);
  auto gzip = compressed(tar, Compression::gzip);
  gzip.resize(gzip.size() - 4);
  EXPECT_THROW(unpack(gzip), base::Error);
}

}  // namespace
}  // namespace layer
